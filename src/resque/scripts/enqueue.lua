-- Pushes jobs, all of them or none. A batch with a number is pushed once: the call may be sent again after a lost reply.
--
-- KEYS  tsworker:enqueue:<nonce>, queues; then the queue lists
-- ARGV  1 number of the batch, or '' if it is not remembered, 2 for how many seconds it is; then for each queue its
--       name, the number of its payloads, these
-- Returns 1 if they were pushed now, 0 if they had been pushed before
local marker, queues = KEYS[1], KEYS[2]
local batch, seconds = ARGV[1], ARGV[2]
local MOST_IN_ONE_PUSH = 1000

-- After the number unique/push.lua writes the results of its jobs.
if batch ~= '' and tonumber(batch) <= tonumber(string.match(redis.call('GET', marker) or '0', '^%d+') or '0') then return 0 end

local function each_queue(visit)
  local arg, list = 3, 3
  while ARGV[arg] do
    local first, count = arg + 2, tonumber(ARGV[arg + 1])
    local refused = visit(KEYS[list], ARGV[arg], first, first + count - 1)
    if refused then return refused end
    arg, list = first + count, list + 1
  end
end

-- Checks for a key of another type before anything is pushed. An ACL cannot fail midway: Redis checks every key before
-- the script starts.
local function refusal(reply, key, type_name)
  if type(reply) ~= 'table' or not reply.err then return nil end
  if not string.find(reply.err, 'WRONGTYPE', 1, true) then return reply end
  return redis.error_reply('WRONGTYPE ' .. key .. ' is not a ' .. type_name)
end
local refused = refusal(redis.pcall('SISMEMBER', queues, ''), queues, 'set')
  or each_queue(function(list) return refusal(redis.pcall('LLEN', list), list, 'list') end)
if refused then return refused end

-- A full Redis only refuses the first write.
each_queue(function(_, name) redis.call('SADD', queues, name) end)
if batch ~= '' then redis.call('SET', marker, batch, 'EX', seconds) end
each_queue(function(list, _, first, last)
  for from = first, last, MOST_IN_ONE_PUSH do
    redis.call('RPUSH', list, unpack(ARGV, from, math.min(from + MOST_IN_ONE_PUSH - 1, last)))
  end
end)
return 1
