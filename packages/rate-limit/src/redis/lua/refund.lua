if lasts then
  call('SET', key, state, 'PX', lasts)
elseif state then
  call('SET', key, state, 'KEEPTTL')
end
