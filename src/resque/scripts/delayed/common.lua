-- Delayed jobs in the format of resque-scheduler and node-resque: a sorted set of times `delayed_queue_schedule` (member and
-- score are seconds since 1970), for each time T a list `delayed:T` of items, and for each item a set `timestamps:<item>`
-- of the lists that hold it (`delayed:T`). An item is a payload with its queue as a member.
--
-- Everything is checked before the first write, so that an error changes nothing.
--
-- The first eight of ARGV are the same in every script of delayed jobs.
local keys = {
  schedule = KEYS[1], queues = ARGV[1], queue = ARGV[2], delayed = ARGV[3], timestamps = ARGV[4], failed = ARGV[5],
  failures = ARGV[6], never = ARGV[7],
}

-- Commands that only fail on a key of another type.
local PROBE = { list = { 'LLEN' }, set = { 'SISMEMBER', '' }, zset = { 'ZCARD' } }

-- Raises an error if a key is of another type.
local function require_type(key, wanted) redis.call(PROBE[wanted][1], key, unpack(PROBE[wanted], 2)) end

local function is_type(key, wanted)
  return type(redis.pcall(PROBE[wanted][1], key, unpack(PROBE[wanted], 2))) == 'number'
end

-- Raises an error if writing is not permitted: a write to a key that never exists has no effect.
local function require_permissions()
  redis.call('LREM', keys.never, 1, '')
  redis.call('LTRIM', keys.never, 1, 0)
  redis.call('SREM', keys.never, '')
  redis.call('ZREM', keys.never, '')
end

-- The members of the index are keys without the namespace, since Ruby's client adds that only to keys.
local DELAYED = 'delayed:'

-- Removes the item from the index, if the index is a set.
local function forget(item, time) redis.pcall('SREM', keys.timestamps .. item, DELAYED .. time) end

-- Removes a time without items.
local function drop_if_empty(time)
  if redis.call('EXISTS', keys.delayed .. time) == 0 then redis.call('ZREM', keys.schedule, time) end
end

local function push(queue, payload)
  redis.call('SADD', keys.queues, queue)
  redis.call('RPUSH', keys.queue .. queue, payload)
end
