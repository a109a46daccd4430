-- How many jobs wait in each of many queues, and what keeps them: in one call. Changes nothing.
--
-- KEYS  four for each queue: its list, its pause, its retries, its quarantine
-- ARGV  1 the most bytes of a job at a head that are returned; then 1 or 0 for each queue: whether its head is wanted
-- Returns five for each queue: the length, or -1 where its key is no list; milliseconds until its pause ends, -1 where it does
-- not end, -2 where it is not paused; retries; jobs in quarantine; the job at its head, '' where it is not wanted, too
-- large, or not there
local function ask(...)
  local reply = redis.pcall(...)
  if type(reply) == 'table' and reply.err then
    if string.find(reply.err, 'WRONGTYPE', 1, true) then return false end
    error(reply.err, 0)
  end
  return reply
end

local most = tonumber(ARGV[1])
local found = {}
for i = 1, #KEYS, 4 do
  local list, pause, retries, quarantine = KEYS[i], KEYS[i + 1], KEYS[i + 2], KEYS[i + 3]
  local length = ask('LLEN', list)
  found[#found + 1] = length or -1
  -- Resque's programs write a text there; a key of another type pauses nobody.
  found[#found + 1] = ask('GET', pause) and redis.call('PTTL', pause) or -2
  found[#found + 1] = ask('ZCARD', retries) or 0
  found[#found + 1] = ask('LLEN', quarantine) or 0
  local head = ''
  if ARGV[(i + 3) / 4 + 1] == '1' and length and length > 0 then
    head = redis.call('LINDEX', list, 0) or ''
    if #head > most then head = '' end
  end
  found[#found + 1] = head
end
return found
