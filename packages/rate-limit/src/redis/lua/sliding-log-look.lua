-- A string of records of 16 bytes and a tail of 65. A record is a millisecond in which something was admitted: its time, and the sum of all that was
-- admitted up to it since some beginning; so whatever lies between two records is a difference, and everything is found by halving. The tail: `l`,
-- number of the first record that counted last, number of records, the sum before the first, time and sum of the first, the last time seen, window of
-- the rule that it was counted under, and when the key expires. It stands behind the last record, so that one read brings both and one write a new
-- record and the new tail: a call costs more than all that is reckoned here. Records before the first are cut off in bulk.
--> sliding-log-open
local sum, weight = top - base, tonumber(ARGV[i + 4])
local fine = limit <= 4398046511104
if weight ~= 1 then weight = fine and ceil(weight * 1024) / 1024 or ceil(weight) end
local room = limit - (weight > 0 and weight or fine and 1 / 1024 or 1)
local reset = first < next and max(0, last_at + window - now) or 0
if standing then
  answer = pack('<dddd', 0, max(0, floor(limit - sum)), reset, now)
elseif sum > room and ARGV[i + 6] ~= '1' then
  allowed = false
  local retry = -1
  if room >= 0 then
    local leaves, least = first_at, top - room
    if first_sum < least then
      local number, field, before = first + 1, 2, first_sum
      --> sliding-log-find
      leaves = found_at
    end
    retry = leaves + window - now
  end
  answer = pack('<dddd', retry, max(0, floor(limit - sum)), reset, now)
elseif weight == 0 then
  answer = pack('<dddd', 0, max(0, floor(limit - sum)), reset, now)
else
  local most = fine and 8796093022208 or 9007199254740991
  local after = min(sum + weight, most)
  answer = pack('<dddd', 0, max(0, floor(limit - after)), window, now)
  -- One record a millisecond.
  local number = next
  if number > first and last_at == now then number = number - 1 end
  local kept = number - first
  if kept >= 65536 then error({ err = 'LOGFULL 65536' }) end
  place = 16 * number
  top = base + after
  local records = ''
  if kept == 0 or top > most or first >= 16 and first > kept then
    if kept > 0 then records = call('GETRANGE', key, 16 * first, place - 1) end
    if kept == 0 or top > most then
      local less = base
      --> sliding-log-lower
      base, top, first_sum = 0, after, first_sum - less
    end
    first, number, place = 0, kept, nil
  end
  if kept == 0 then first_at, first_sum = now, top end
  lasts = now + window - clock
  --> lasts
  local tail = pack('<c1dddddddd', 'l', first, number + 1, base, first_at, first_sum, now, window, expires)
  state = records .. pack('<dd', now, top) .. tail
end
