local limit, window, letter = tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2]), ARGV[i + 5]
-- `used` at `at`, what is left of it now, and when the key expires.
local now, used, at, left, expires = clock, 0, clock, 0, 0
local found = try('GET', key)
if found and #found == 41 and sub(found, 1, 1) == letter then
  local limit_before, window_before
  used, at, limit_before, window_before, expires = unpack('<ddddd', found, 2)
  if at > now then now = at end
  left = used - limit_before * (now - at)
  if left < 0 then left = 0 end
  if window ~= window_before then
    -- ceil(left * window / window_before), see scaleUp of weight.ts.
    local most = 9007199254740991
    local whole = floor(left / window_before) * window
    local rest = math.fmod(left, window_before)
    local high = rest * floor(window / 65536)
    local low = math.fmod(high, window_before) * 65536 + rest * (window % 65536)
    left = min(most, whole + floor(high / window_before) * 65536 + ceil(low / window_before))
  end
  if window ~= window_before or limit ~= limit_before then used, at = left, now end
end
