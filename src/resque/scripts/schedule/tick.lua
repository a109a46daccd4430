-- Enqueues the due jobs of a schedule exactly once: each entry has a field in `tsworker:ticks`, and only a caller that has
-- read its latest value changes it, together with the push. So a tick is enqueued once even with two schedulers at once, one that
-- dies midway, or a lost reply. Nothing happens if the schedule was published again meanwhile, or the entry is paused.
--
-- KEYS  tsworker:ticks, tsworker:schedule, tsworker:schedule:paused, queues, delayed:last_enqueued_at, tsworker:stat
-- ARGV  1 the revision of the schedule that the caller read, 2 prefix of the queue lists, 3 how many locks of Ruby's and
--       node's schedulers follow, these; then for each entry its name, the value that the caller read ('' for none), the new
--       value ('' removes it), '1' to skip it while a Ruby scheduler holds its lock, the time as Ruby writes it, its
--       queue, a lock or '' with its token and TTL (milliseconds), how many payloads follow, these
-- Returns 'stale' if the revision has changed; else a character for each entry: 1 done, k done, but nothing was enqueued
--         since another job holds the lock, 0 the value has changed, p paused, h a Ruby scheduler holds its lock, x the key of
--         the queue is not a list
local ticks, state, paused, queues, enqueued_at, stat = unpack(KEYS, 1, 6)
local revision, queue_prefix, lock_count = ARGV[1], ARGV[2], tonumber(ARGV[3])

if (redis.call('HGET', state, 'revision') or '') ~= revision then return 'stale' end
redis.call('HLEN', ticks)
redis.call('SISMEMBER', queues, '')
redis.call('HLEN', stat)

local held = false
for i = 4, 3 + lock_count do
  if type(redis.pcall('GET', ARGV[i])) == 'string' then held = true end
end

local function is_list(key) return type(redis.pcall('LLEN', key)) == 'number' end

local function enqueue(entry)
  local list = queue_prefix .. entry.queue
  if not is_list(list) then return 'x' end
  -- Changes nothing, and is refused if the write below would be: so that write cannot fail after the push.
  if entry.seen ~= '' then redis.call('HSET', ticks, entry.name, entry.seen) end
  redis.call('HINCRBY', stat, 'scheduled', 0)
  redis.call('SADD', queues, entry.queue)
  if entry.lock ~= '' and not redis.call('SET', entry.lock, entry.token, 'NX', 'PX', entry.ttl) then return 'k' end
  local pushed = redis.pcall('RPUSH', list, unpack(ARGV, entry.first, entry.last))
  if type(pushed) == 'table' then
    if entry.lock ~= '' then redis.call('DEL', entry.lock) end
    error(pushed)
  end
  redis.call('HINCRBY', stat, 'scheduled', entry.last - entry.first + 1)
  redis.pcall('HSET', enqueued_at, entry.name, entry.at)
  return '1'
end

local function change(entry)
  if (redis.call('HGET', ticks, entry.name) or '') ~= entry.seen then return '0' end
  if entry.ruby and held then return 'h' end
  if redis.call('SISMEMBER', paused, entry.name) == 1 and entry.value ~= '' then return 'p' end
  local became = '1'
  if entry.last >= entry.first then
    local done = enqueue(entry)
    if done == 'x' then return done end
    became = done
  end
  if entry.value == '' then redis.call('HDEL', ticks, entry.name) else redis.call('HSET', ticks, entry.name, entry.value) end
  return became
end

local states = {}
local arg = 4 + lock_count
while ARGV[arg] do
  local name, seen, value, ruby, at, queue, lock, token, ttl, count = unpack(ARGV, arg, arg + 9)
  local first = arg + 10
  states[#states + 1] = change({
    name = name, seen = seen, value = value, ruby = ruby == '1', at = at, queue = queue,
    lock = lock, token = token, ttl = ttl, first = first, last = first + tonumber(count) - 1,
  })
  arg = first + tonumber(count)
end
return table.concat(states)
