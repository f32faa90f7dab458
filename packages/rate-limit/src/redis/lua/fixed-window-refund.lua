--> fixed-window-open
-- What counted under another rule and does not under this one is forgotten, as by a charge.
if count == 0 then return call('DEL', key) end
if tonumber(ARGV[i + 8]) >= ends - window then count = count - min(count, weigh(ARGV[i + 4], limit)) end
if count == 0 then return call('DEL', key) end
lasts = ends - clock
--> lasts
state = pack('<c1dddd', 'f', count, now, window, expires)
