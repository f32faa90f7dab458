if place then
  call('SETRANGE', key, place, state)
  if lasts then call('PEXPIRE', key, lasts) end
elseif lasts then
  call('SET', key, state, 'PX', lasts)
elseif type(state) == 'function' then
  state()
elseif state then
  call('SET', key, state, 'KEEPTTL')
end
return answer
