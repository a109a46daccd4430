-- Restores deleted failed entries from the head of their trash list to the end of `failed`, in one step.
-- A call that is sent again after a lost reply restores the following ones, each once.
--
-- KEYS  the trash list, failed
-- ARGV  1 maximum number of entries
-- Returns the number of restored entries
local trash, failed, most = KEYS[1], KEYS[2], tonumber(ARGV[1])

local entries = redis.call('LRANGE', trash, 0, most - 1)
redis.call('LLEN', failed)
if #entries == 0 then return 0 end
-- Changes nothing: checks the permission before anything is done.
redis.call('LTRIM', trash, 0, -1)
redis.call('RPUSH', failed, unpack(entries))
redis.call('LTRIM', trash, #entries, -1)
return #entries
