local limit, span = tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
local weights, lease = KEYS[tonumber(ARGV[i + 3])], ARGV[i + 7]
local held = open_leases(key, weights, limit)
local now = held.now
local latest = held.fresh and {} or call('ZREVRANGE', key, 0, 1, 'WITHSCORES')
local reset = latest[2] and max(0, latest[2] - now) or 0
local weight = min(weigh(ARGV[i + 4], limit), exact_below(limit))
local asked = weight > 0
local mine = asked and own_weight(held, key, weights, lease) or nil
local own = mine or 0
local others = held.total - own
local room = limit - need_of(weight, limit)
if standing then
  answer = pack('<dddd', 0, max(0, floor(limit - held.total)), reset, now)
elseif others > room and not (asked and weight <= own) and ARGV[i + 6] ~= '1' then
  allowed = false
  local retry = -1
  if room >= 0 then retry = leases_leave(held, key, weights, asked and lease or nil, others, room) - now end
  answer = pack('<dddd', retry, max(0, floor(limit - add_up(others, own, limit))), reset, now)
elseif not asked then
  answer = pack('<dddd', 0, max(0, floor(limit - others)), reset, now)
else
  local other_end = latest[1] == lease and latest[4] or latest[2]
  local all_end = max(now + span, tonumber(other_end or 0))
  answer = pack('<dddd', 0, max(0, floor(limit - add_up(others, weight, limit))), all_end - now, now)
  state = function()
    if held.fresh then call('DEL', key, weights) end
    if #held.ended > 0 then
      call('ZREMRANGEBYSCORE', key, '-inf', now)
      if held.weighed then
        for _, each in ipairs(held.ended) do call('HDEL', weights, each) end
      end
    end
    call('ZADD', key, now, '', now + span, lease)
    call('PEXPIRE', key, all_end - clock + more)
    if weight ~= 1 or held.weighed then
      local count = held.count + (mine and 0 or 1)
      call('HSET', weights, '', others + weight - count, lease, weight)
      call('PEXPIRE', weights, all_end - clock + more)
    end
  end
end
