-- Counts the jobs in quarantine, and removes the names of queues without any.
--
-- KEYS  tsworker:quarantine
-- ARGV  prefix of the quarantine lists
-- Returns the name of each queue and the number of its jobs
local counts = {}
for _, queue in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  -- A key that is not a list is no quarantine.
  local jobs = redis.pcall('LLEN', ARGV[1] .. queue)
  if type(jobs) == 'number' and jobs > 0 then
    counts[#counts + 1] = queue
    counts[#counts + 1] = jobs
  elseif jobs == 0 then
    redis.call('SREM', KEYS[1], queue)
  end
end
return counts
