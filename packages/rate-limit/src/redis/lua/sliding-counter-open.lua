local limit, window = tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
local area = limit * window
-- Counts of the window that begins at `begun` and holds now, and of the one before.
local now, current, previous, expires = clock, 0, 0, 0
local found = try('GET', key)
local begun
if found and #found == 41 and sub(found, 1, 1) == 's' then
  local seen, window_before
  current, previous, seen, window_before, expires = unpack('<ddddd', found, 2)
  if seen > now then now = seen end
  begun = now - now % window_before
  local begun_before = seen - seen % window_before
  if begun_before ~= begun then
    previous = begun_before == begun - window_before and current or 0
    current = 0
  end
  if window ~= window_before then
    local used = (previous * (window_before - (now - begun)) + current * window_before) / window_before
    current, previous = min(weigh(used, area), most_of(area, window)), 0
  end
end
begun = now - now % window
