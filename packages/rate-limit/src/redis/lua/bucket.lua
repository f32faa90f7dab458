-- A string of the letter and four doubles: used, at, and limit and window of the rule that it was counted under.

-- ceil(value * numerator / denominator), see scaleUp of weight.ts.
local function scale_up(value, numerator, denominator)
  local whole = floor(value / denominator) * numerator
  if whole > 9007199254740991 then return 9007199254740991 end
  local rest = math.fmod(value, denominator)
  local high = rest * floor(numerator / 65536)
  local low = math.fmod(high, denominator) * 65536 + rest * (numerator % 65536)
  return min(9007199254740991, whole + floor(high / denominator) * 65536 + ceil(low / denominator))
end

-- Used at `at` as the rule counts it, at, what is left of it now, and now.
local function open_bucket(key, letter, limit, window)
  local state = state_of(key, letter)
  if not state then return 0, clock, 0, clock end
  local used, at, limit_before, window_before = unpack('<dddd', state, 2)
  local now = clock
  if at > now then now = at end
  local left = max(0, used - limit_before * (now - at))
  if window == window_before and limit == limit_before then return used, at, left, now end
  left = scale_up(left, window, window_before)
  return left, now, left, now
end

local function look_bucket(key, i, standing)
  local limit, window = tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
  local capacity = ARGV[i + 3] * window
  local _, _, used, now = open_bucket(key, ARGV[i + 5], limit, window)
  if standing then
    return pack('<dddd', 0, max(0, floor((capacity - used) / window)), ceil(used / limit), now), true
  end
  local weight = ceil(ARGV[i + 4] * window)
  local room = capacity - (weight == 0 and 1 or weight)
  if used > room and ARGV[i + 6] ~= '1' then
    local retry = -1
    if room >= 0 then retry = ceil((used - room) / limit) end
    return pack('<dddd', retry, max(0, floor((capacity - used) / window)), ceil(used / limit), now), false
  end
  local after = min(used + weight, 9007199254740991)
  local reset = ceil(after / limit)
  local answer = pack('<dddd', 0, max(0, floor((capacity - after) / window)), reset, now)
  if weight == 0 then return answer, true end
  return answer, true, function()
    call('SET', key, pack('<c1dddd', ARGV[i + 5], after, now, limit, window), 'PX', reset + kept + 1)
  end
end
