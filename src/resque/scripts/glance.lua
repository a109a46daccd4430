-- The most frequently read numbers of a namespace, in one call. Changes nothing. A key of another type counts as 0.
--
-- KEYS  stat:processed, stat:failed, pause-all-workers, failed, delayed_queue_schedule, queues, workers; then keys of locks
-- Returns the time in milliseconds, the texts of the first three, the length of the list, the size of the sorted set and its
-- first member, the sizes of the two sets, and the text of each lock; '' for a missing key
local function ask(...)
  local reply = redis.pcall(...)
  if type(reply) == 'table' and reply.err then
    if string.find(reply.err, 'WRONGTYPE', 1, true) then return false end
    error(reply.err, 0)
  end
  return reply
end

local now = redis.call('TIME')
local found = { now[1] * 1000 + math.floor(now[2] / 1000) }
for i = 1, 3 do found[#found + 1] = ask('GET', KEYS[i]) or '' end
found[#found + 1] = ask('LLEN', KEYS[4]) or 0
found[#found + 1] = ask('ZCARD', KEYS[5]) or 0
local first = ask('ZRANGE', KEYS[5], 0, 0)
found[#found + 1] = first and first[1] or ''
found[#found + 1] = ask('SCARD', KEYS[6]) or 0
found[#found + 1] = ask('SCARD', KEYS[7]) or 0
for i = 8, #KEYS do found[#found + 1] = ask('GET', KEYS[i]) or '' end
return found
