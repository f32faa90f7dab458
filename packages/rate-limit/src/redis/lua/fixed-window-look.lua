-- A string of `f` and four doubles: count, the last time seen, window of the rule that it was counted under, and when the key expires.
--> fixed-window-open
local weight = weigh(ARGV[i + 4], limit)
local room = limit - need_of(weight, limit)
if standing then
  answer = pack('<dddd', 0, max(0, floor(limit - count)), count == 0 and 0 or ends - now, now)
elseif count > room and ARGV[i + 6] ~= '1' then
  allowed = false
  local retry = -1
  if room >= 0 then retry = ends - now end
  answer = pack('<dddd', retry, max(0, floor(limit - count)), count == 0 and 0 or ends - now, now)
else
  count = add_up(count, weight, limit)
  answer = pack('<dddd', 0, max(0, floor(limit - count)), count == 0 and 0 or ends - now, now)
  if weight > 0 then
    lasts = ends - clock
    --> lasts
    state = pack('<c1dddd', 'f', count, now, window, expires)
  end
end
