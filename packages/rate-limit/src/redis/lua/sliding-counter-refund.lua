--> sliding-counter-open
if current == 0 and previous == 0 then return end
local weight, admitted = weigh(ARGV[i + 4], area), tonumber(ARGV[i + 8])
if admitted >= begun then
  current = current - min(current, weight)
elseif admitted >= begun - window then
  previous = previous - min(previous, weight)
end
local reset = counter_reset(begun, current, previous, window, now)
if reset == 0 then return call('DEL', key) end
lasts = now + reset - clock
--> lasts
state = pack('<c1ddddd', 's', current, previous, now, window, expires)
