-- To set when a key expires costs more than to write it: it is set to half as long again and two seconds, of which one stays unused, and then left
-- as it is while it is late enough.
if by_hand or clock + lasts > expires then
  lasts = ceil(lasts * 1.5) + more + 1000
  expires = clock + lasts - 1000
else
  lasts = nil
end
