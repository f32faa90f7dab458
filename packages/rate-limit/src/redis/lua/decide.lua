local answer, _, count = look(KEYS[1], 0)
if count then count() end
return answer
