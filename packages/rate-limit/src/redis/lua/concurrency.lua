-- A sorted set of leases by their ends, in which the empty name has the last time seen; and, only once a lease weighs other than 1, a hash of weights in
-- which the empty name has by how much they are together above the number of leases. Its key is that of the number in the place of `burst`.

local function weight_of(weights, lease)
  return tonumber(call('HGET', weights, lease) or 1)
end

-- What is held: `total` and `count` of leases that have not ended, `ended` names of those that have.
-- Sums are exact below; see addUp of weight.ts.
local function exact_below(limit)
  return limit <= 4398046511104 and 8796093022208 or 9007199254740991
end

local function open_leases(key, weights, limit)
  local now = clock
  local passed = try('ZRANGEBYSCORE', key, '-inf', now, 'WITHSCORES')
  -- Counted by another algorithm.
  if passed.err then return { now = now, ended = {}, total = 0, count = 0, fresh = true } end
  local seen = false
  for place = 1, #passed, 2 do seen = seen or passed[place] == '' end
  if not seen then
    seen = call('ZSCORE', key, '')
    if not seen then return { now = now, ended = {}, total = 0, count = 0, fresh = true } end
    now = tonumber(seen)
    passed = call('ZRANGEBYSCORE', key, '-inf', now, 'WITHSCORES')
  end
  local ended, above = {}, call('HGET', weights, '')
  for place = 1, #passed, 2 do
    if passed[place] ~= '' then ended[#ended + 1] = passed[place] end
  end
  local count = call('ZCARD', key) - 1 - #ended
  if not above then return { now = now, ended = ended, total = count, count = count } end
  local total = count + #ended + above
  for _, lease in ipairs(ended) do total = total - weight_of(weights, lease) end
  if total >= exact_below(limit) then
    total = 0
    for _, lease in ipairs(call('ZRANGEBYSCORE', key, string.format('(%.0f', now), '+inf')) do
      total = add_up(total, weight_of(weights, lease), limit)
    end
  end
  return { now = now, ended = ended, total = total, count = count, weighed = true }
end

-- What the lease holds, or nil when it is none.
local function own_weight(held, key, weights, lease)
  if held.fresh then return nil end
  local ends = call('ZSCORE', key, lease)
  if not ends or tonumber(ends) <= held.now then return nil end
  return held.weighed and weight_of(weights, lease) or 1
end

-- When so many have ended that what all but `lease` hold leaves room.
local function leases_leave(held, key, weights, lease, others, room)
  local last, from = held.now, 0
  while true do
    local after = string.format('(%.0f', held.now)
    local some = call('ZRANGEBYSCORE', key, after, '+inf', 'WITHSCORES', 'LIMIT', from, 128)
    for place = 1, #some, 2 do
      local ends = tonumber(some[place + 1])
      if ends > last and others <= room then return last end
      if some[place] ~= lease then
        others = others - (held.weighed and weight_of(weights, some[place]) or 1)
        last = ends
      end
    end
    if #some < 256 then return last end
    from = from + 128
  end
end
