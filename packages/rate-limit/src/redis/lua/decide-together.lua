-- First what each says, then what is counted: nothing is written before all have been admitted.
local charges, any_refused = floor(#ARGV / 8), false
local answers, refused, states, lasting, placing = {}, {}, {}, {}, {}
for number = 1, charges do
  local i = (number - 1) * 8
  local answer, allowed, state, lasts, place = looks[ARGV[i + 5]](KEYS[number], i, false)
  answers[number], refused[number], states[number], lasting[number], placing[number] = answer, not allowed, state, lasts, place
  any_refused = any_refused or not allowed
end
for number = 1, charges do
  local i, key, state, lasts, place = (number - 1) * 8, KEYS[number], states[number], lasting[number], placing[number]
  if any_refused then
    if not refused[number] then answers[number] = looks[ARGV[i + 5]](key, i, true) end
  elseif place then
    call('SETRANGE', key, place, state)
    if lasts then call('PEXPIRE', key, lasts) end
  elseif type(state) == 'function' then
    state()
  elseif lasts then
    call('SET', key, state, 'PX', lasts)
  elseif state then
    call('SET', key, state, 'KEEPTTL')
  end
end
return table.concat(answers)
