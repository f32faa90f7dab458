local limit, window = tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
local now, count, expires = clock, 0, 0
local found = try('GET', key)
if found and #found == 33 and sub(found, 1, 1) == 'f' then
  local seen, window_before
  count, seen, window_before, expires = unpack('<dddd', found, 2)
  if seen > now then now = seen end
  if now - now % window_before ~= seen - seen % window_before then count = 0 end
end
local ends = now - now % window + window
