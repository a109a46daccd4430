-- Takes retries out of their sets and moves each to its destination, in one step. Only a retry that still exists, byte for
-- byte, is taken, so the call may be sent again after a lost reply.
--
-- KEYS  tsworker:retries
-- ARGV  1 queues, 2 prefix of the queue lists, 3 failed, 4 stat:failed; then for each job its
--       queue, its envelope, and 'queue', payload  |  'failed', the failed entry  |  'nowhere', ''; then its lock or '', the
--       lock's token, and its new TTL ('0': it is released)
-- Returns a string with a character for each job: 1 (taken), 0 (not there), x (the destination is not a list: it stays)
local index = KEYS[1]
local queues, list_prefix, failed, failures = unpack(ARGV, 1, 4)
local FIRST, FIELDS = 5, 7

local function is_error(reply) return type(reply) == 'table' and reply.err ~= nil end

-- Checks for keys of another type before anything is changed.
redis.call('ZSCORE', index, '')
redis.call('SISMEMBER', queues, '')
redis.call('LLEN', failed)

local function put(to, queue, text)
  if to == 'nowhere' then return 1 end
  if to == 'failed' then
    local pushed = redis.pcall('RPUSH', failed, text)
    if not is_error(pushed) then redis.pcall('INCR', failures) end
    return pushed
  end
  local added = redis.pcall('SADD', queues, queue)
  return is_error(added) and added or redis.pcall('RPUSH', list_prefix .. queue, text)
end

-- The first retry of the queue may have changed.
local function update_index(queue)
  local first = redis.call('ZRANGE', index .. ':' .. queue, 0, 0, 'WITHSCORES')
  if first[1] then redis.call('ZADD', index, first[2], queue) else redis.call('ZREM', index, queue) end
end

local states, touched, refused = {}, {}, nil
for at = FIRST, #ARGV, FIELDS do
  local queue, envelope, to, text, lock, token, ttl = unpack(ARGV, at, at + FIELDS - 1)
  local set = index .. ':' .. queue
  local due = redis.pcall('ZSCORE', set, envelope)
  local state = '0'
  if to == 'queue' and is_error(redis.pcall('LLEN', list_prefix .. queue)) then
    state = 'x'
  elseif due and not is_error(due) and not refused then
    redis.call('ZREM', set, envelope)
    local moved = put(to, queue, text)
    if is_error(moved) then
      redis.call('ZADD', set, due, envelope)
      refused = moved
    else
      state, touched[queue] = '1', true
      if lock ~= '' then settle_lock(lock, token, ttl) end
    end
  end
  states[#states + 1] = state
end
for queue in pairs(touched) do update_index(queue) end
if refused and not next(touched) then return redis.error_reply(refused.err) end
return table.concat(states)
