--> sliding-log-open
-- What counted under the rule before and does not under this one is forgotten, as by a charge; a key of another algorithm is left alone.
if first == next then
  if next > 0 then call('DEL', key) end
  return
end
local number, before, admitted, back = first, base, tonumber(ARGV[i + 8]), 0
if first_at <= admitted and admitted <= last_at then
  local given_at, upto = first_at, first_sum
  if first_at < admitted then
    local field, least = 1, admitted
    number, before = first + 1, first_sum
    --> sliding-log-find
    given_at, upto = found_at, found_sum
  end
  local weight = tonumber(ARGV[i + 4])
  weight = limit <= 4398046511104 and ceil(weight * 1024) / 1024 or ceil(weight)
  if given_at == admitted then back = min(upto - before, weight) end
end
-- The whole log is written anew: with one record fewer it would be too long.
local earlier = number > first and call('GETRANGE', key, 16 * first, 16 * number - 1) or ''
local records, less = call('GETRANGE', key, 16 * number, 16 * next - 1), back
--> sliding-log-lower
records = earlier .. records
-- Records of which nothing is left are cut off at the end only: the time of the last one tells when all is free.
local count = next - first
last_at, top = unpack('<dd', records, 16 * count - 15)
while count > 0 do
  local at, upto = last_at, base
  if count > 1 then at, upto = unpack('<dd', records, 16 * count - 31) end
  if top > upto then break end
  count, last_at, top = count - 1, at, upto
end
if count == 0 then return call('DEL', key) end
first_at, first_sum = unpack('<dd', records)
lasts = last_at + window - clock
--> lasts
local tail = pack('<c1dddddddd', 'l', 0, count, base, first_at, first_sum, now, window, expires)
state = sub(records, 1, 16 * count) .. tail
