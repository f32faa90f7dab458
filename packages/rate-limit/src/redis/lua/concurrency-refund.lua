local limit = tonumber(ARGV[i + 1])
local weights, lease = KEYS[tonumber(ARGV[i + 3])], ARGV[i + 7]
local held = open_leases(key, weights, limit)
local own = own_weight(held, key, weights, lease)
if not own then return end
if held.count == 1 then return call('DEL', key, weights) end
call('ZREM', key, lease)
if held.weighed then
  call('HDEL', weights, lease)
  local gone = 0
  for _, each in ipairs(held.ended) do gone = gone + weight_of(weights, each) end
  call('HSET', weights, '', held.total - own + gone - (held.count - 1 + #held.ended))
end
