local limit, window, admitted = tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2]), tonumber(ARGV[i + 8])
local log = open_log(key)
if log.next == 0 then return end
local first, base = live_log(log, window)
local number = first_where(first, log.next, function(each) return (record(log, each)) >= admitted end)
local back = 0
if number < log.next and record(log, number) == admitted then
  local _, sum = record(log, number)
  local before = base
  if number > first then _, before = record(log, number - 1) end
  back = min(sum - before, weigh(ARGV[i + 4], limit))
end
local function upto(each)
  if each < first then return base end
  local _, sum = record(log, each)
  return each < number and sum or sum - back
end
-- Records of which nothing is left are cut off at the end only: the time of the last one tells when all is free.
local next, top = log.next, log.top - back
while next > first and upto(next - 1) == upto(next - 2) do next = next - 1 end
if next == first then return call('DEL', key) end
local until_last = record(log, next - 1) + window - clock
local count = next - first
if count <= at_once or first >= count then
  local cut = min(number, next)
  local records = log_records(log, first, cut) .. lowered(log_records(log, cut, next), back)
  local text = pack('<c1dddddd', 'l', 0, count, base, top, log.now, window)
  return call('SET', key, text .. records, 'PX', until_last + more)
end
if back > 0 and number < next then
  call('SETRANGE', key, head + size * number, lowered(log_records(log, number, next), back))
end
call('SETRANGE', key, 0, pack('<c1dddddd', 'l', first, next, base, top, log.now, window))
call('PEXPIRE', key, until_last + more)
