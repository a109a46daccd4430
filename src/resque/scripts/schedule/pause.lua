-- Pauses or resumes entries of the schedule. Ticks during a pause are not made up for: at the end of the
-- pause the next tick is deleted, and computed again.
--
-- KEYS  tsworker:schedule, tsworker:schedule:paused, tsworker:ticks
-- ARGV  1 'pause' or 'resume', 2 the names
-- Returns for each name 1, or 0 if nothing changed
local state, paused, ticks = KEYS[1], KEYS[2], KEYS[3]
local pauses = ARGV[1] == 'pause'

redis.call('SISMEMBER', paused, '')
redis.call('HLEN', ticks)
redis.call('HINCRBY', state, 'revision', 1)

local function forget_next(name)
  local value = redis.call('HGET', ticks, name)
  local before, after = string.match(value or '', '^([^,]*,[^,]*,)[^,]*(,.*)$')
  if before then redis.call('HSET', ticks, name, before .. after) end
end

local changed = {}
for i = 2, #ARGV do
  if pauses then
    changed[i - 1] = redis.call('SADD', paused, ARGV[i])
  else
    if redis.call('SISMEMBER', paused, ARGV[i]) == 1 then forget_next(ARGV[i]) end
    changed[i - 1] = redis.call('SREM', paused, ARGV[i])
  end
end
return changed
