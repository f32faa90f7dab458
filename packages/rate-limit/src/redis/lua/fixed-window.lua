-- A string of `f` and four doubles: start of the window, count, the last time seen, and the window of the rule that it was counted under.

-- Start of the window that holds now, its count, and now.
local function open_fixed(key, window)
  local state = state_of(key, 'f')
  if not state then return clock - clock % window, 0, clock end
  local begun, count, seen, window_before = unpack('<dddd', state, 2)
  local now = clock
  if seen > now then now = seen end
  if begun ~= now - now % window_before then count = 0 end
  return now - now % window, count, now
end

local function look_fixed(key, i, standing)
  local limit, window = tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
  local begun, count, now = open_fixed(key, window)
  local ends = begun + window - now
  if standing then
    return pack('<dddd', 0, max(0, floor(limit - count)), count == 0 and 0 or ends, now), true
  end
  local weight = weigh(ARGV[i + 4], limit)
  local room = limit - need_of(weight, limit)
  if count > room and ARGV[i + 6] ~= '1' then
    local retry = -1
    if room >= 0 then retry = ends end
    return pack('<dddd', retry, max(0, floor(limit - count)), count == 0 and 0 or ends, now), false
  end
  local after = add_up(count, weight, limit)
  local answer = pack('<dddd', 0, max(0, floor(limit - after)), after == 0 and 0 or ends, now)
  if weight == 0 then return answer, true end
  return answer, true, function()
    call('SET', key, pack('<c1dddd', 'f', begun, after, now, window), 'PX', ends + kept + 1)
  end
end
