local function most_of(area, window)
  return floor((area <= 4398046511104 and 4398046511104 or 4503599627370496) / window)
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
