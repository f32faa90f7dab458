local limit, window = tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
-- What counts now: the records first … next - 1, of which the first and the last are at hand; `base` is the sum before them, `top` that of the last.
local now, first, next, base, first_at, first_sum, last_at, top, expires = clock, 0, 0, 0, 0, 0, 0, 0, 0
local found = try('GETRANGE', key, '-81', '-1')
if #found == 81 and sub(found, 17, 17) == 'l' then
  local seen, window_before
  last_at, top, first, next, base, first_at, first_sum, seen, window_before, expires = unpack('<ddxdddddddd', found)
  if seen > now then now = seen end
  local live = now - min(window, window_before) + 1
  if last_at < live then
    first, base = next, top
  elseif first_at < live then
    local number, field, least, before = first + 1, 1, live, first_sum
    --> sliding-log-find
    first, base, first_at, first_sum = number, before, found_at, found_sum
  end
end
