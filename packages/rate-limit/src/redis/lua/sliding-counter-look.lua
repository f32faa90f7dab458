-- A string of `s` and five doubles: count of the window that holds the last time seen, that of the window before, the last time seen, window of the
-- rule that it was counted under, and when the key expires.
--> sliding-counter-open
local faded = previous * (window - (now - begun))
local used = faded + current * window
local weight = weigh(ARGV[i + 4], area)
local need = need_of(weight, area)
if standing then
  answer = pack('<dddd', 0, max(0, floor((area - used) / window)), counter_reset(begun, current, previous, window, now), now)
elseif (need > limit or used > area - need * window) and ARGV[i + 6] ~= '1' then
  allowed = false
  local retry = -1
  if need <= limit then retry = counter_fits(limit, window, begun, current, previous, need) - now end
  local reset = counter_reset(begun, current, previous, window, now)
  answer = pack('<dddd', retry, max(0, floor((area - used) / window)), reset, now)
else
  if weight > 0 then current = min(current + weight, most_of(area, window)) end
  local reset = counter_reset(begun, current, previous, window, now)
  answer = pack('<dddd', 0, max(0, floor((area - faded - current * window) / window)), reset, now)
  if weight > 0 then
    lasts = now + reset - clock
    --> lasts
    state = pack('<c1ddddd', 's', current, previous, now, window, expires)
  end
end
