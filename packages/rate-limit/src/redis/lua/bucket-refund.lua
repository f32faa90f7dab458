--> bucket-open
if left == 0 then return end
local weight, admitted = ceil(ARGV[i + 4] * window), tonumber(ARGV[i + 8])
local drained = admitted >= at and 0 or limit * (now - admitted)
used = used - min(left, max(0, weight - drained))
lasts = at + ceil(used / limit) - clock
if lasts <= 0 then return call('DEL', key) end
--> lasts
state = pack('<c1ddddd', letter, used, at, limit, window, expires)
