local function refund_bucket(key, i)
  local limit, window, admitted = tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2]), tonumber(ARGV[i + 8])
  local used, at, left, now = open_bucket(key, ARGV[i + 5], limit, window)
  if left == 0 then return end
  local weight = ceil(ARGV[i + 4] * window)
  local drained = admitted >= at and 0 or limit * (now - admitted)
  used = used - min(left, max(0, weight - drained))
  local lasts = at + ceil(used / limit) - now
  if lasts <= 0 then return call('DEL', key) end
  call('SET', key, pack('<c1dddd', ARGV[i + 5], used, at, limit, window), 'PX', lasts + kept + 1)
end
