-- Brings failed entries back that were removed: from the head of the list where they wait to the end of `failed`, in one step.
-- A call that is sent again after a lost reply brings back those that follow, each once.
--
-- KEYS  the list where they wait, failed
-- ARGV  1 how many at most
-- Returns how many
local trash, failed, most = KEYS[1], KEYS[2], tonumber(ARGV[1])

local entries = redis.call('LRANGE', trash, 0, most - 1)
redis.call('LLEN', failed)
if #entries == 0 then return 0 end
-- Keeps all: shows permission before anything is done.
redis.call('LTRIM', trash, 0, -1)
redis.call('RPUSH', failed, unpack(entries))
redis.call('LTRIM', trash, #entries, -1)
return #entries
