-- A string of the letter and five doubles: used, at, limit and window of the rule that it was counted under, and when the key expires.
--> bucket-open
local capacity = ARGV[i + 3] * window
local weight = ceil(ARGV[i + 4] * window)
local room = capacity - (weight == 0 and 1 or weight)
if standing then
  answer = pack('<dddd', 0, max(0, floor((capacity - left) / window)), ceil(left / limit), now)
elseif left > room and ARGV[i + 6] ~= '1' then
  allowed = false
  local retry = -1
  if room >= 0 then retry = ceil((left - room) / limit) end
  answer = pack('<dddd', retry, max(0, floor((capacity - left) / window)), ceil(left / limit), now)
else
  left = min(left + weight, 9007199254740991)
  local reset = ceil(left / limit)
  answer = pack('<dddd', 0, max(0, floor((capacity - left) / window)), reset, now)
  if weight > 0 then
    lasts = now + reset - clock
    --> lasts
    state = pack('<c1ddddd', letter, left, now, limit, window, expires)
  end
end
