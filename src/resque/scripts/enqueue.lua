-- Pushes one batch of jobs, once: each batch has a number, and one that was pushed already is not pushed again. So the
-- call may be sent again after a lost reply.
--
-- KEYS  tsworker:enqueue:<nonce>, queues; then the queue lists
-- ARGV  1 number of the batch, 2 for how many seconds that is remembered; then for each queue its name, the number of its
--       payloads, these
-- Returns 1 when it was pushed now, 0 when it had been
local pushed = tonumber(redis.call('GET', KEYS[1]) or '0')
if tonumber(ARGV[1]) <= pushed then return 0 end

-- A queue that is no list is found out before anything is pushed. What our rights forbid is the same for all of them:
-- Redis has looked at every key before it began.
local arg, list = 3, 3
while ARGV[arg] do
  redis.call('LLEN', KEYS[list])
  arg = arg + 2 + tonumber(ARGV[arg + 1])
  list = list + 1
end

-- A full Redis refuses the first write, and no later one.
redis.call('SADD', KEYS[2], ARGV[3])
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
arg, list = 3, 3
while ARGV[arg] do
  local count = tonumber(ARGV[arg + 1])
  redis.call('SADD', KEYS[2], ARGV[arg])
  redis.call('RPUSH', KEYS[list], unpack(ARGV, arg + 2, arg + 1 + count))
  arg = arg + 2 + count
  list = list + 1
end
return 1
