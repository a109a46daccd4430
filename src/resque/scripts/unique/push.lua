-- Enqueues jobs of which some are unique, now or for later, all in one step. A unique job takes its lock in this step, or
-- does not go in. A batch with a number is pushed once: the call may be sent again after a lost reply.
--
-- KEYS  delayed_queue_schedule
-- ARGV  1-7 names (see delayed/common.lua); 8 tsworker:enqueue:<nonce>, 9 number of the batch, 10 for how many seconds that
--       is remembered, all '' where it is not; then for each job: 'now', 'in' or 'at', milliseconds, its queue, its payload,
--       its item, its lock or '', token, value and TTL of the lock in milliseconds from when the job is due, and what
--       happens if another job holds it: 'keep', 'replace' or 'error'
-- Returns for each job a letter: e (enqueued), k (kept: another job holds the lock), r (replaces another one); then for each
--       job the second for which it is delayed, or 0. If a job with 'error' meets a lock: 'c', its index from 1; nothing has
--       changed then
local marker, batch, remembered_s = ARGV[8], ARGV[9], ARGV[10]
local FIRST, FIELDS = 11, 10

local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000

local function read_job(at)
  local job = {
    queue = ARGV[at + 2], payload = ARGV[at + 3], item = ARGV[at + 4], lock = ARGV[at + 5], value = ARGV[at + 7],
    ttl = tonumber(ARGV[at + 8]), conflict = ARGV[at + 9], time = 0,
  }
  local due = ARGV[at] == 'now' and now or tonumber(ARGV[at + 1]) + (ARGV[at] == 'in' and now or 0)
  if due > now then
    job.time = string.format('%.0f', math.ceil(due / 1000))
    job.ttl = job.ttl + math.ceil(due - now)
  end
  return job
end

local function require_types(job)
  if job.time == 0 then
    require_type(keys.queue .. job.queue, 'list')
  else
    require_type(keys.schedule, 'zset')
    require_type(keys.delayed .. job.time, 'list')
    require_type(keys.timestamps .. job.item, 'set')
  end
end

local function item_of(payload, queue)
  -- cjson escapes the slash, which is not necessary.
  return string.sub(payload, 1, -2) .. ',"queue":' .. string.gsub(cjson.encode(queue), '\\/', '/') .. '}'
end

local function remove_delayed(item)
  local lists = redis.pcall('SMEMBERS', keys.timestamps .. item)
  for i = 1, #lists do
    local time = string.match(lists[i], '^delayed:(%d+)$')
    if time and is_type(keys.delayed .. time, 'list') and redis.call('LREM', keys.delayed .. time, 1, item) == 1 then
      forget(item, time)
      drop_if_empty(time)
      return true
    end
  end
  return false
end

-- Removes the waiting job that holds a lock. Returns whether it was found.
local function remove_holder(lock)
  local length, rest = string.match(redis.call('GET', lock) or '', '^%S+ (%d+) (.*)$')
  if not length then return false end
  local queue, payload = string.sub(rest, 1, tonumber(length)), string.sub(rest, tonumber(length) + 1)
  local list = keys.queue .. queue
  if is_type(list, 'list') and redis.call('LREM', list, -1, payload) > 0 then return true end
  return remove_delayed(item_of(payload, queue))
end

local function take_lock(job)
  if job.lock == '' then return 'e' end
  if redis.call('SET', job.lock, job.value, 'NX', 'PX', job.ttl) then return 'e' end
  if job.conflict ~= 'replace' or not remove_holder(job.lock) then return 'k' end
  redis.call('SET', job.lock, job.value, 'PX', job.ttl)
  return 'r'
end

local function put(job)
  if job.time == 0 then return push(job.queue, job.payload) end
  redis.call('RPUSH', keys.delayed .. job.time, job.item)
  redis.call('SADD', keys.timestamps .. job.item, DELAYED .. job.time)
  redis.call('ZADD', keys.schedule, job.time, job.time)
end

local function states_of_earlier_call()
  local text = marker ~= '' and redis.call('GET', marker)
  local number, states = string.match(text or '', '^(%d+) ?(%a*)$')
  return number and tonumber(number) >= tonumber(batch) and states
end

local function reply_with(states, jobs)
  local reply = { states }
  for i = 1, #states do reply[i + 1] = jobs and tonumber(jobs[i].time) or 0 end
  return reply
end

local earlier = states_of_earlier_call()
if earlier then return reply_with(earlier) end

require_type(keys.queues, 'set')
local jobs, taken, replaces = {}, {}, false
for at = FIRST, #ARGV, FIELDS do
  local job = read_job(at)
  jobs[#jobs + 1] = job
  require_types(job)
  -- A key of another type raises an error.
  local is_held = job.lock ~= '' and (redis.call('GET', job.lock) or taken[job.lock])
  if is_held and job.conflict == 'error' then return { 'c', #jobs } end
  taken[job.lock] = true
  replaces = replaces or is_held and job.conflict == 'replace'
end
if replaces then require_permissions() end

local states = {}
for i, job in ipairs(jobs) do
  states[i] = take_lock(job)
  if states[i] ~= 'k' then put(job) end
end
if marker ~= '' then redis.call('SET', marker, batch .. ' ' .. table.concat(states), 'EX', remembered_s) end
return reply_with(table.concat(states), jobs)
