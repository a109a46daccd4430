-- Enqueues jobs for later, all or none. Jobs that are already due go to their queue. By Redis' clock, rounded up to whole
-- seconds, so that nothing starts early.
--
-- KEYS  delayed_queue_schedule
-- ARGV  1-7 names (see common.lua); then for each job: 'in' or 'at', milliseconds, its queue, its payload, its item
-- Returns for each job the second for which it was delayed, or 0 if it went to its queue
local FIRST, FIELDS = 8, 5

local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000
local jobs = {}
require_type(keys.schedule, 'zset')
require_type(keys.queues, 'set')
for at = FIRST, #ARGV, FIELDS do
  local due = tonumber(ARGV[at + 1]) + (ARGV[at] == 'in' and now or 0)
  local job = { queue = ARGV[at + 2], payload = ARGV[at + 3], item = ARGV[at + 4], time = 0 }
  if due > now then
    job.time = string.format('%.0f', math.ceil(due / 1000))
    require_type(keys.delayed .. job.time, 'list')
    require_type(keys.timestamps .. job.item, 'set')
  else
    require_type(keys.queue .. job.queue, 'list')
  end
  jobs[#jobs + 1] = job
end

local times = {}
for i, job in ipairs(jobs) do
  if job.time == 0 then
    push(job.queue, job.payload)
  else
    redis.call('RPUSH', keys.delayed .. job.time, job.item)
    redis.call('SADD', keys.timestamps .. job.item, DELAYED .. job.time)
    redis.call('ZADD', keys.schedule, job.time, job.time)
  end
  times[i] = tonumber(job.time)
end
return times
