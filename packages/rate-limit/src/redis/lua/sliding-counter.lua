-- A string of `s` and five doubles: start of the window, its count, that of the window before, the last time seen, and the window of the rule that it
-- was counted under.

local function most_of(area, window)
  return floor((area <= 4398046511104 and 4398046511104 or 4503599627370496) / window)
end

-- Start of the window that holds now, its count, that of the one before, and now.
local function open_counter(key, limit, window)
  local state = state_of(key, 's')
  if not state then return clock - clock % window, 0, 0, clock end
  local begun, current, previous, seen, window_before = unpack('<ddddd', state, 2)
  local now = clock
  if seen > now then now = seen end
  local start = now - now % window_before
  if begun ~= start then
    previous = begun == start - window_before and current or 0
    current = 0
  end
  if window == window_before then return start, current, previous, now end
  local counted = (previous * (window_before - (now - start)) + current * window_before) / window_before
  local area = limit * window
  return now - now % window, min(weigh(counted, area), most_of(area, window)), 0, now
end

local function counter_reset(begun, current, previous, window, now)
  if current > 0 then return begun + 2 * window - now end
  if previous > 0 then return begun + window - now end
  return 0
end

-- Milliseconds into a window from which what is counted of the window before leaves room.
local function fades_to(room, counted, window)
  if counted == 0 then return 0 end
  return max(0, window - floor(room * window / counted))
end

local function counter_fits(limit, window, begun, current, previous, need)
  local here = limit - need - current
  if here >= 0 then
    local into = fades_to(here, previous, window)
    if into < window then return begun + into end
  end
  return begun + window + fades_to(limit - need, current, window)
end

local function look_counter(key, i, standing)
  local limit, window = tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
  local area = limit * window
  local begun, current, previous, now = open_counter(key, limit, window)
  local faded = previous * (window - (now - begun))
  local used = faded + current * window
  if standing then
    local reset = counter_reset(begun, current, previous, window, now)
    return pack('<dddd', 0, max(0, floor((area - used) / window)), reset, now), true
  end
  local weight = weigh(ARGV[i + 4], area)
  local need = need_of(weight, area)
  if (need > limit or used > area - need * window) and ARGV[i + 6] ~= '1' then
    local retry = -1
    if need <= limit then retry = counter_fits(limit, window, begun, current, previous, need) - now end
    local reset = counter_reset(begun, current, previous, window, now)
    return pack('<dddd', retry, max(0, floor((area - used) / window)), reset, now), false
  end
  local after = weight == 0 and current or min(current + weight, most_of(area, window))
  local reset = counter_reset(begun, after, previous, window, now)
  local answer = pack('<dddd', 0, max(0, floor((area - faded - after * window) / window)), reset, now)
  if weight == 0 then return answer, true end
  return answer, true, function()
    call('SET', key, pack('<c1ddddd', 's', begun, after, previous, now, window), 'PX', reset + kept + 1)
  end
end
