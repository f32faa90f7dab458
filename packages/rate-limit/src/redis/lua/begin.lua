local call, try = redis.call, redis.pcall
local floor, ceil, min, max = math.floor, math.ceil, math.min, math.max
local pack, unpack = struct.pack, struct.unpack

-- The state of a key, unless it was counted by another algorithm: then that one starts afresh, and what it counts takes the place of this.
local function state_of(key, letter)
  local state = try('GET', key)
  if type(state) == 'string' and string.sub(state, 1, 1) == letter then return state end
end

-- The server's time in whole milliseconds. A key's own time never goes back: the later of this one and what its state has seen.
local clock
-- Added to what a key is kept for: a test that gives the time keeps its keys for an hour more, for the server's own time goes on.
local kept = 0
if #ARGV % 8 == 1 then
  clock = tonumber(ARGV[#ARGV])
  kept = 3600000
else
  local time = call('TIME')
  clock = time[1] * 1000 + floor(time[2] / 1000)
end
