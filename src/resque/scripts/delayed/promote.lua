-- Moves delayed jobs that are due to their queues, in order, if this scheduler leads and no other kind of scheduler works.
--
-- Ruby's transfer is not atomic, so two at once would lose or double jobs: while Ruby's or node-resque's scheduler holds
-- its lock, we move nothing. Of our own schedulers one leads, by a lease that it renews with each call; the lease only saves
-- work, since every step here is atomic by itself.
--
-- KEYS  delayed_queue_schedule, tsworker:schedule, schedules_changed: declared, so that Redis tells this connection of the
--       next change to them
-- ARGV  1-7 names (see common.lua), 8 the lease, 9 our name, 10 for how many milliseconds we lead, 11 how many items at
--       most, 12 how many bytes at most; then the locks of other kinds of schedulers
-- Returns state, milliseconds, name, promoted, time, item, now, revision, changed
--       state 0: we lead; milliseconds until the next job is due (-1: there is none, 0: more are due)
--       state 1: `name` leads, for so many milliseconds
--       state 2: we lead, and `name` holds the lock of another kind of scheduler
--       `item`, where it is not '': the next due item, of `time`, which cannot be promoted here. It is in its place, and the
--       caller decides what becomes of it
--       now: Redis' clock, in milliseconds; revision: of what is scheduled (see schedule/); changed: 1 where Ruby's dynamic
--       entries were
local lease, name, lease_ms, left, bytes_left = ARGV[8], ARGV[9], ARGV[10], tonumber(ARGV[11]), tonumber(ARGV[12])

local function text_of(command, ...)
  local text = redis.pcall(command, ...)
  return type(text) == 'string' and text or nil
end

local leader = text_of('GET', lease)
if leader and leader ~= name then return { 1, redis.call('PTTL', lease), leader, 0, '', '', 0, '', 0 } end

require_type(keys.schedule, 'zset')
require_type(keys.queues, 'set')
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function next_due() return redis.call('ZRANGEBYSCORE', keys.schedule, '-inf', now / 1000, 'LIMIT', 0, 1)[1] end

-- Who may not read the schedule must not lead.
next_due()
redis.call('SET', lease, name, 'PX', lease_ms)

local function reply(state, ms, who, promoted, time, item)
  local changed = redis.pcall('EXISTS', KEYS[3]) == 1 and 1 or 0
  return { state, ms, who, promoted, time, item, now, text_of('HGET', KEYS[2], 'revision') or '', changed }
end

for i = 13, #ARGV do
  local holder = text_of('GET', ARGV[i])
  if holder then return reply(2, redis.call('PTTL', ARGV[i]), holder, 0, '', '') end
end

local json
local function decode(item)
  if not json then
    json = cjson.new()
    json.decode_invalid_numbers(false)
  end
  local ok, job = pcall(json.decode, item)
  if ok and type(job) == 'table' and type(job.class) == 'string' and job.class ~= ''
    and type(job.queue) == 'string' and job.queue ~= '' then
    return job.queue
  end
end

-- The payload is the item without its queue, where that stands last, as Ruby and we write it: a closing brace at the very
-- end closes the object itself. Elsewhere (node-resque's) it stays, which every worker ignores.
local TAIL = 300
local function payload_of(item, queue)
  local tail = string.sub(item, -TAIL)
  local member = ',"queue":"' .. queue .. '"}'
  if #member < #tail and string.sub(tail, -#member) == member then
    return string.sub(item, 1, -#member - 1) .. '}'
  end
  return item
end

-- Beyond that an item is not looked at here, since decoding it would hold up Redis.
local LARGE = 1000000
local function read(item)
  if #item > LARGE then return nil end
  local queue = decode(item)
  if queue and is_type(keys.queue .. queue, 'list') then return queue, payload_of(item, queue) end
end

-- The items at the head of a time that can be promoted now, and the one behind them that cannot.
local function read_head(time)
  local jobs = {}
  while #jobs < left and bytes_left > 0 do
    local item = redis.call('LINDEX', keys.delayed .. time, #jobs)
    if not item then return jobs end
    local queue, payload = read(item)
    if not queue then return jobs, item end
    jobs[#jobs + 1] = { queue = queue, payload = payload, item = item }
    bytes_left = bytes_left - #item
  end
  return jobs
end

local allowed = false
local function promote(time, jobs)
  if not allowed then
    require_permissions()
    allowed = true
  end
  for _, job in ipairs(jobs) do push(job.queue, job.payload) end
  redis.call('LTRIM', keys.delayed .. time, #jobs, -1)
  for _, job in ipairs(jobs) do forget(job.item, time) end
  drop_if_empty(time)
end

local promoted = 0
while left > 0 and bytes_left > 0 do
  local time = next_due()
  if not time then
    local first = redis.call('ZRANGE', keys.schedule, 0, 0, 'WITHSCORES')[2]
    local ms = first and math.max(1, math.ceil(first * 1000 - now)) or -1
    return reply(0, math.min(ms, 2147483647), name, promoted, '', '')
  end
  local jobs, other
  -- Somebody else's key of that name holds no items.
  if is_type(keys.delayed .. time, 'list') then jobs, other = read_head(time) else jobs = {} end
  if #jobs > 0 then promote(time, jobs) elseif not other then redis.call('ZREM', keys.schedule, time) end
  left, promoted = left - #jobs, promoted + #jobs
  if other then return reply(0, 0, name, promoted, time, other) end
end
return reply(0, 0, name, promoted, '', '')
