-- From record `number` on, goes to the first one whose time (`field` 1) or sum (2) is `least` or more; that of the last one is. Sets `found_at` and
-- `found_sum` to it, and `before`, the sum up to the record before `number`, to that before it. It is mostly near; else it is found by halving.
local high, found_at, found_sum = next - 1, last_at, top
local near = call('GETRANGE', key, 16 * number, 16 * min(number + 16, high) - 1)
if number + 16 < high then
  local at, upto = unpack('<dd', near, 241)
  if (field == 1 and at or upto) < least then
    number, before = number + 16, upto
    while high - number > 16 do
      local middle = floor((number + high) / 2)
      local at, upto = unpack('<dd', call('GETRANGE', key, 16 * middle, 16 * middle + 15))
      if (field == 1 and at or upto) < least then
        number, before = middle + 1, upto
      else
        high, found_at, found_sum = middle, at, upto
      end
    end
    near = call('GETRANGE', key, 16 * number, 16 * high - 1)
  end
end
for place = 1, #near, 16 do
  local at, upto = unpack('<dd', near, place)
  if (field == 1 and at or upto) >= least then
    found_at, found_sum = at, upto
    break
  end
  number, before = number + 1, upto
end
