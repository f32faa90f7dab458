if lasts then
  call('SET', key, state, 'PX', lasts)
elseif type(state) == 'function' then
  state()
elseif state then
  call('SET', key, state, 'KEEPTTL')
end
return answer
