-- Claims jobs at the head of a queue that are too large to be checked in Redis. The caller has checked them, and made
-- the records from the payloads that it was shown. Claims those that are still there, in order.
--
-- KEYS  the queue list
-- ARGV  a key that exists while we are registered, or '' not to check; then for each job worker:W, the payload, the record
-- Returns how many were claimed; 1 if it ended at a slot that another program's record occupies, or 0
local list, registration = KEYS[1], ARGV[1]

-- To the head, or to the tail if the ACL forbids that: a job that was popped must not be lost.
local function push_back(payload)
  if type(redis.pcall('LPUSH', list, payload)) ~= 'number' then redis.call('RPUSH', list, payload) end
end

-- Returns whether it was claimed; an error.
local function claim(worker, payload, record)
  local head = redis.call('LPOP', list)
  if head == payload then
    local set = redis.pcall('SET', worker, record)
    if not set.err then return true end
    push_back(head)
    return false, set
  end
  if head then push_back(head) end
  return false
end

if registration ~= '' and redis.call('EXISTS', registration) == 0 then return { 0, 0 } end
for at = 2, #ARGV, 3 do
  local count = (at - 2) / 3
  if redis.call('EXISTS', ARGV[at]) == 1 then return { count, 1 } end
  local claimed, refusal = claim(ARGV[at], ARGV[at + 1], ARGV[at + 2])
  if refusal and count == 0 then return redis.error_reply(refusal.err) end
  if not claimed then return { count, 0 } end
end
return { (#ARGV - 1) / 3, 0 }
