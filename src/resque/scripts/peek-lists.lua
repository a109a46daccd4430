-- The first entries and the lengths of many lists, in one call. Changes nothing. A key of another type is empty.
--
-- KEYS  the lists
-- ARGV  1 maximum of entries of each; 2 total bytes after which no more lists are read
-- Returns the length of each list and an array of its entries
local most, bytes = tonumber(ARGV[1]), tonumber(ARGV[2])
local found = {}
for i = 1, #KEYS do
  local length = redis.pcall('LLEN', KEYS[i])
  if type(length) == 'table' then
    if not string.find(length.err, 'WRONGTYPE', 1, true) then error(length.err, 0) end
    length = 0
  end
  local entries = {}
  if length > 0 and bytes > 0 then entries = redis.call('LRANGE', KEYS[i], 0, most - 1) end
  for j = 1, #entries do bytes = bytes - #entries[j] end
  found[#found + 1] = length
  found[#found + 1] = entries
end
return found
