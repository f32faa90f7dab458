-- First what each says, then what is counted: nothing is written before all have been admitted.
local looks = { t = look_bucket, g = look_bucket, l = look_log, s = look_counter, f = look_fixed, c = look_concurrency }
local answers, counts, refused = {}, {}, {}
local any_refused = false
local charges = floor(#ARGV / 8)
for number = 1, charges do
  local i = (number - 1) * 8
  local answer, allowed, count = looks[ARGV[i + 5]](KEYS[number], i)
  answers[number], counts[number], refused[number] = answer, count, not allowed
  any_refused = any_refused or not allowed
end
for number = 1, charges do
  local i = (number - 1) * 8
  if not any_refused then
    if counts[number] then counts[number]() end
  elseif not refused[number] then
    answers[number] = looks[ARGV[i + 5]](KEYS[number], i, true)
  end
end
return table.concat(answers)
