--> fixed-window-open
if count == 0 then return end
if tonumber(ARGV[i + 8]) >= ends - window then count = count - min(count, weigh(ARGV[i + 4], limit)) end
if count == 0 then return call('DEL', key) end
lasts = ends - clock
--> lasts
state = pack('<c1dddd', 'f', count, now, window, expires)
