local answer = look(KEYS[1], 0)
return answer
