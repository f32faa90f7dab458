local call, try = redis.call, redis.pcall
local floor, ceil, min, max = math.floor, math.ceil, math.min, math.max
local pack, unpack, sub = struct.pack, struct.unpack, string.sub

-- The server's time in whole milliseconds. A key's own time never goes back: it is the later of this one and what its state has seen.
local clock
-- A test that gives the time keeps its keys for an hour more, for the server's own time goes on.
local more, by_hand = 1000, #ARGV % 8 == 1
if by_hand then
  clock, more = tonumber(ARGV[#ARGV]), 3600000
else
  local time = call('TIME')
  clock = time[1] * 1000 + floor(time[2] / 1000)
end
