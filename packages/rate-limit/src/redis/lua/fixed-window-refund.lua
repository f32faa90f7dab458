local function refund_fixed(key, i)
  local limit, window, admitted = tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2]), tonumber(ARGV[i + 8])
  local begun, count, now = open_fixed(key, window)
  if admitted >= begun then count = count - min(count, weigh(ARGV[i + 4], limit)) end
  if count == 0 then return state_of(key, 'f') and call('DEL', key) end
  call('SET', key, pack('<c1dddd', 'f', begun, count, now, window), 'PX', begun + window - now + kept + 1)
end
