-- Takes items out of the delayed jobs and moves each to its destination, in one step. Only an item that still exists,
-- byte for byte, is taken, so the call may be sent again after a lost reply.
--
-- KEYS  delayed_queue_schedule
-- ARGV  1-7 names (see common.lua); then for each item its time, its bytes, and
--         'queue', queue, payload  |  'time', another time, ''  |  'failed', '', the failed entry  |  'nowhere', '', '';
--         then its lock or '', the lock's token, and its new TTL, from when the job is due ('0': it is released)
-- Returns a string with a character for each item: 1 (taken), 0 (not there), x (the destination is not a list: it stays)
local FIRST, FIELDS = 8, 8

require_type(keys.schedule, 'zset')
require_type(keys.queues, 'set')
require_type(keys.failed, 'list')
require_permissions()

-- If the item exists, it is moved to the head of its list: so a write that is refused afterwards loses nothing.
local function find(list, item)
  if not is_type(list, 'list') then return false end
  if redis.call('LINDEX', list, 0) == item then return true end
  if redis.call('LREM', list, 1, item) == 0 then return false end
  redis.call('LPUSH', list, item)
  return true
end

local function until_time(seconds)
  local clock = redis.call('TIME')
  return math.max(0, seconds * 1000 - math.floor(clock[1] * 1000 + clock[2] / 1000))
end

local states = {}
for at = FIRST, #ARGV, FIELDS do
  local time, item, to, queue, text, lock, token, ttl = unpack(ARGV, at, at + FIELDS - 1)
  local list = keys.delayed .. time
  local list_to = to == 'queue' and keys.queue .. queue or to == 'time' and keys.delayed .. queue
  if list_to and not is_type(list_to, 'list') then
    states[#states + 1] = 'x'
  elseif not find(list, item) then
    states[#states + 1] = '0'
    drop_if_empty(time)
  else
    if to == 'queue' then
      push(queue, text)
    elseif to == 'time' then
      redis.call('RPUSH', list_to, item)
      redis.pcall('SADD', keys.timestamps .. item, DELAYED .. queue)
      redis.call('ZADD', keys.schedule, queue, queue)
    elseif to == 'failed' then
      redis.call('RPUSH', keys.failed, text)
      redis.pcall('INCR', keys.failures)
    end
    redis.call('LTRIM', list, 1, -1)
    forget(item, time)
    drop_if_empty(time)
    if lock ~= '' then settle_lock(lock, token, to == 'time' and ttl + until_time(queue) or ttl) end
    states[#states + 1] = '1'
  end
end
return table.concat(states)
