-- Takes `less` off the sums of `records`.
if less > 0 and records ~= '' then
  local parts = {}
  for from = 1, #records, 16 do
    local at, upto = unpack('<dd', records, from)
    parts[#parts + 1] = pack('<dd', at, upto - less)
  end
  records = table.concat(parts)
end
