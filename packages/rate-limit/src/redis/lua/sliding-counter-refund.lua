local function refund_counter(key, i)
  local limit, window, admitted = tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2]), tonumber(ARGV[i + 8])
  local begun, current, previous, now = open_counter(key, limit, window)
  local weight = weigh(ARGV[i + 4], limit * window)
  if admitted >= begun then
    current = current - min(current, weight)
  elseif admitted >= begun - window then
    previous = previous - min(previous, weight)
  end
  local reset = counter_reset(begun, current, previous, window, now)
  if reset == 0 then return state_of(key, 's') and call('DEL', key) end
  call('SET', key, pack('<c1ddddd', 's', begun, current, previous, now, window), 'PX', reset + kept + 1)
end
