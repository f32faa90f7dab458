-- A string of records of 16 bytes after a head of 49. A record is a millisecond in which something was admitted: its time, and the sum of all that was
-- admitted up to it since some beginning; so whatever lies between two records is a difference, and everything is found by halving. The head: `l`,
-- number of the first record that counted last, number of the next one, the sum before the first, that of the last, the last time seen, and the
-- window of the rule that it was counted under. Records before the first are cut off in bulk.
local head, size, at_once, most_records = 49, 16, 128, 65536

local function open_log(key)
  local text = try('GETRANGE', key, 0, head + size * at_once - 1)
  if #text < head or sub(text, 1, 1) ~= 'l' then
    return { key = key, now = clock, first = 0, next = 0, base = 0, top = 0, seen = 0, window = 0 }
  end
  local first, next, base, top, seen, window = unpack('<dddddd', text, 2)
  return {
    key = key, now = max(clock, seen), first = first, next = next, base = base, top = top, seen = seen, window = window,
    -- The records at hand: `held` of them from the number `from` on, after `skip` bytes.
    text = text, from = 0, held = at_once, skip = head,
  }
end

-- Time and sum of a record.
local function record(log, number)
  local place = number - log.from
  if place < 0 or place >= log.held then
    log.text = call('GETRANGE', log.key, head + size * number, head + size * (number + at_once) - 1)
    log.from, log.skip, place = number, 0, 0
  end
  return unpack('<dd', log.text, log.skip + size * place + 1)
end

-- The first number in low … high - 1 from which on `holds` does, else high.
local function first_where(low, high, holds)
  while low < high do
    local middle = floor((low + high) / 2)
    if holds(middle) then high = middle else low = middle + 1 end
  end
  return low
end

-- The first record that counts now, and the sum before it.
local function live_log(log, window)
  local first, next = log.first, log.next
  local dead = log.now - (log.window == 0 and window or min(window, log.window))
  if first == next or log.seen <= dead then return next, log.top end
  if record(log, first) > dead then return first, log.base end
  -- Mostly few have left since: look near before far.
  local step = 1
  while first + step < next and record(log, first + step) <= dead do
    first = first + step
    step = step * 2
  end
  first = first_where(first + 1, min(first + step, next), function(number) return (record(log, number)) > dead end)
  local _, base = record(log, first - 1)
  return first, base
end

local function log_reset(log, first, window)
  if first == log.next then return 0 end
  return max(0, record(log, log.next - 1) + window - log.now)
end

local function log_records(log, first, next)
  if first == next then return '' end
  if log.from == 0 and log.skip == head and next <= log.held then
    return sub(log.text, head + size * first + 1, head + size * next)
  end
  return call('GETRANGE', log.key, head + size * first, head + size * next - 1)
end

-- The records with `less` taken off their sums.
local function lowered(records, less)
  if less == 0 or records == '' then return records end
  local parts = {}
  for place = 1, #records, size do
    local time, sum = unpack('<dd', records, place)
    parts[#parts + 1] = pack('<dd', time, sum - less)
  end
  return table.concat(parts)
end

-- Writes a record behind what counts from `first` on, in place of those from `number` on.
local function append_log(log, first, base, number, top, limit, window)
  local now, count = log.now, number + 1 - first
  local exact = limit <= 4398046511104 and 8796093022208 or 9007199254740991
  local less = top > exact and base or 0
  local entry = pack('<dd', now, top - less)
  if count <= at_once or first >= count or less > 0 then
    local records = lowered(log_records(log, first, number), less)
    local text = pack('<c1dddddd', 'l', 0, count, base - less, top - less, now, window)
    return call('SET', log.key, text .. records .. entry, 'PX', now + window - clock + more)
  end
  call('SETRANGE', log.key, head + size * number, entry)
  call('SETRANGE', log.key, 0, pack('<c1dddddd', 'l', first, number + 1, base, top, now, window))
  call('PEXPIRE', log.key, now + window - clock + more)
end
