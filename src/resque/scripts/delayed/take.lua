-- Takes items out of the delayed jobs and brings each to where it goes, in one step: an item counts only while it is there,
-- byte for byte. So the call may be sent again after a lost reply.
--
-- KEYS  delayed_queue_schedule
-- ARGV  1-7 names (see common.lua); then for each item its time, its bytes, and
--         'queue', queue, payload  |  'failed', '', the failed entry  |  'nowhere', '', ''
-- Returns a string with a character for each item: 1 (taken), 0 (not there), x (its queue holds no list: it stays)
local FIRST, FIELDS = 8, 5

require_type(keys.schedule, 'zset')
require_type(keys.queues, 'set')
require_type(keys.failed, 'list')
require_permissions()

-- Where the item is there, it goes to the head of its list: so a write that is refused afterwards loses nothing.
local function find(list, item)
  if not is_type(list, 'list') then return false end
  if redis.call('LINDEX', list, 0) == item then return true end
  if redis.call('LREM', list, 1, item) == 0 then return false end
  redis.call('LPUSH', list, item)
  return true
end

local states = {}
for at = FIRST, #ARGV, FIELDS do
  local time, item, to, queue, text = unpack(ARGV, at, at + FIELDS - 1)
  local list = keys.delayed .. time
  if to == 'queue' and not is_type(keys.queue .. queue, 'list') then
    states[#states + 1] = 'x'
  elseif not find(list, item) then
    states[#states + 1] = '0'
    drop_if_empty(time)
  else
    if to == 'queue' then
      push(queue, text)
    elseif to == 'failed' then
      redis.call('RPUSH', keys.failed, text)
      redis.pcall('INCR', keys.failures)
    end
    redis.call('LTRIM', list, 1, -1)
    forget(item, time)
    drop_if_empty(time)
    states[#states + 1] = '1'
  end
end
return table.concat(states)
