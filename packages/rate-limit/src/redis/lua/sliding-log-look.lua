local limit, window = tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
local log = open_log(key)
local now = log.now
local first, base = live_log(log, window)
local sum = log.top - base
local weight = weigh(ARGV[i + 4], limit)
local room = limit - need_of(weight, limit)
if standing then
  answer = pack('<dddd', 0, max(0, floor(limit - sum)), log_reset(log, first, window), now)
elseif sum > room and ARGV[i + 6] ~= '1' then
  allowed = false
  local retry = -1
  if room >= 0 then
    local leaves = first_where(first, log.next, function(number)
      local _, upto = record(log, number)
      return log.top - upto <= room
    end)
    retry = record(log, leaves) + window - now
  end
  answer = pack('<dddd', retry, max(0, floor(limit - sum)), log_reset(log, first, window), now)
else
  local after = add_up(sum, weight, limit)
  answer = pack('<dddd', 0, max(0, floor(limit - after)), weight > 0 and window or log_reset(log, first, window), now)
  if weight > 0 then
    local number = log.next
    if number > first and log.seen == now and record(log, number - 1) == now then number = number - 1 end
    if number - first >= most_records then error({ err = 'LOGFULL ' .. most_records }) end
    state = function() append_log(log, first, base, number, log.top + after - sum, limit, window) end
  end
end
