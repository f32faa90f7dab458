local function weigh(cost, limit)
  if limit <= 4398046511104 then return ceil(cost * 1024) / 1024 end
  return ceil(cost)
end

local function need_of(weight, limit)
  if weight > 0 then return weight end
  if limit <= 4398046511104 then return 1 / 1024 end
  return 1
end

local function add_up(counted, weight, limit)
  return min(counted + weight, limit <= 4398046511104 and 8796093022208 or 9007199254740991)
end
