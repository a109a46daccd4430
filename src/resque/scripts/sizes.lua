-- The number of waiting jobs of many queues, and their pauses, in one call. Changes nothing.
--
-- KEYS  four for each queue: its list, its pause, its retries, its quarantine
-- ARGV  1 the maximum of bytes of a returned head job; then 1 or 0 for each queue: whether its head is wanted
-- Returns five for each queue: the length, or -1 if its key is not a list; milliseconds until its pause ends, -1 if it
-- does not end, -2 if it is not paused; retries; jobs in quarantine; the job at its head, '' if it is not wanted, too
-- large, or missing
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
  -- Resque's programs write a string; a key of another type is not a pause.
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
