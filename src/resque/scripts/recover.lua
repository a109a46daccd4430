-- Removes a dead worker from the registry and recovers its job, in one step, if nothing has changed since it was
-- judged: of several processes only one does it, and a worker with a new heartbeat stays.
--
-- A death is counted for the payload in the same step, once for each process, whatever number of its jobs had it. After the
-- first the job goes back to the head of its queue, after the second to the quarantine of its queue, where a child process
-- runs one job at a time. If a third process dies with it there, it is a poison pill and goes to `failed`; a job that only
-- ran beside a poison pill does not. A process without such a child does not use the quarantine.
--
-- KEYS  workers
-- ARGV  1 W, 2 workers:heartbeat, 3 the heartbeat that was judged ('' for none, '*' for any: the death was seen),
--       4 worker:W, 5 the record that was judged ('' for none), 6 worker:W:started, 7 stat:processed:W, 8 stat:failed:W;
--       then, with a job, 9 failed, 10 stat:failed, 11 head of the failed entry, 12 the payload as the record shows it,
--       13 tail of the entry, 14 tsworker:suspects, or '' for the job of a foreign worker, 15 the SHA-1 of the payload,
--       16 the lock of a unique job or '', 17 its token, 18 its TTL in milliseconds;
--       then, unless the job is to fail, 19 queues, 20 queue name, 21 queue list, 22 the payload's bytes,
--       23 tsworker:quarantine and 24 the quarantine list of the queue, both '' without a quarantine child, 25 '1' if the job ran
--       in quarantine, 26 '1' to count the death, 27 the nonce of the process, 28 its name, 29 the text in the entry
--       after the names of the processes that died; then, if the job had run before, 30 tsworker:retries, 31 its envelope
-- A field of tsworker:suspects is the SHA-1 of a payload; its value a list of `seconds/nonce@name`, blank between them. A
-- name needs no escape in JSON.
-- Returns 0 when nothing was done, 1 when the worker had no job, 2 when the job went back to its queue, 3 when it failed,
--       4 as a poison pill, 5 when it went to the quarantine
local worker, heartbeats, judged_heartbeat, record, judged_record = unpack(ARGV, 1, 5)
local failed, failed_count, head, shown, tail, suspects, sha = unpack(ARGV, 9, 15)
local lock, lock_token, lock_ttl = unpack(ARGV, 16, 18)
local queues, queue, list, payload, quarantines, quarantine = unpack(ARGV, 19, 24)
local was_quarantined, counts, nonce, name, after_names = ARGV[25] == '1', ARGV[26] == '1', unpack(ARGV, 27, 29)
local retry_index, envelope = unpack(ARGV, 30, 31)
local has_job, may_return, can_quarantine = failed ~= nil, list ~= nil, quarantine ~= nil and quarantine ~= ''

local MOST_DEATHS, WINDOW_SECONDS = 3, 72 * 3600

local function is_error(reply) return type(reply) == 'table' and reply.err ~= nil end

-- A value of another type counts as missing.
local function text_of(reply) return type(reply) == 'string' and reply or '' end

-- The deaths within the window, this one included; and the names of the processes.
local function count_deaths()
  local deaths, names, known = {}, {}, false
  local now = redis.call('TIME')[1]
  for death in string.gmatch(text_of(redis.pcall('HGET', suspects, sha)), '%S+') do
    local at, process, of = string.match(death, '^(%d+)/([^@]+)@?(.*)$')
    if at and now - at < WINDOW_SECONDS then
      deaths[#deaths + 1] = death
      if of ~= '' then names[#names + 1] = of end
      known = known or process == nonce
    end
  end
  -- The last death only counts if the job ran alone: before that, another job may be the cause.
  local is_open = was_quarantined or not can_quarantine or #deaths < MOST_DEATHS - 1
  if counts and not known and is_open then
    deaths[#deaths + 1] = now .. '/' .. nonce .. '@' .. name
    names[#names + 1] = name
  end
  return deaths, names
end

-- 2, 3, 4 or 5, as returned.
local function decide(deaths)
  if not may_return then return 3 end
  if deaths >= MOST_DEATHS and (was_quarantined or not can_quarantine) then return 4 end
  if can_quarantine and (was_quarantined or deaths >= MOST_DEATHS - 1) then return 5 end
  return 2
end

-- The name of a queue is added to its set before the job is pushed.
local function push_to(set, key)
  local added = redis.pcall('SADD', set, queue)
  return is_error(added) and added or redis.pcall('LPUSH', key, payload)
end

-- A job that had run before goes back to the set of retries, and is due at once.
local function push_retry()
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local first = redis.pcall('ZADD', retry_index, 'XX', 'INCR', 0, queue)
  if is_error(first) then return first end
  local added = redis.pcall('ZADD', retry_index .. ':' .. queue, now, envelope)
  if not is_error(added) and (not first or now < tonumber(first)) then redis.call('ZADD', retry_index, now, queue) end
  return added
end

local function move(outcome, names)
  if outcome == 2 and envelope then return push_retry() end
  if outcome == 2 then return push_to(queues, list) end
  if outcome == 5 then return push_to(quarantines, quarantine) end
  if outcome == 4 then tail = tail .. table.concat(names, ', ') .. after_names end
  return redis.pcall('RPUSH', failed, head .. shown .. tail)
end

-- Counts a failure, or stores the deaths of a job that runs again, and releases or renews its lock. Errors are ignored: the
-- job has moved.
local function note(outcome, deaths)
  if lock ~= '' then settle_lock(lock, lock_token, (outcome == 3 or outcome == 4) and '0' or lock_ttl) end
  if outcome == 3 or outcome == 4 then
    redis.pcall('INCR', failed_count)
    if suspects ~= '' then redis.pcall('HDEL', suspects, sha) end
  elseif #deaths > 0 then
    redis.pcall('HSET', suspects, sha, table.concat(deaths, ' '))
  end
end

-- The record is taken first, the job pushed last: an error on the way leaves it where it was, and none is pushed twice.
local function dispose()
  -- Checks that the record can be written again. A full Redis allows that after the first write.
  local allowed = redis.pcall('SET', record, judged_record)
  if is_error(allowed) and not string.find(allowed.err, 'OOM', 1, true) then return nil, allowed end
  local deaths, names = {}, {}
  if may_return then deaths, names = count_deaths() end
  local outcome = decide(#deaths)
  redis.call('DEL', record)
  local moved = move(outcome, names)
  if is_error(moved) then
    redis.call('SET', record, judged_record)
    return nil, moved
  end
  note(outcome, deaths)
  return outcome
end

-- A key of another type counts as missing.
local function unregister()
  local removed = { redis.pcall('HDEL', heartbeats, worker), redis.pcall('SREM', KEYS[1], worker) }
  for _, reply in ipairs(removed) do
    if is_error(reply) and not string.find(reply.err, 'WRONGTYPE', 1, true) then return reply end
  end
  redis.call('DEL', record, unpack(ARGV, 6, 8))
end

if judged_heartbeat ~= '*' and (redis.call('HGET', heartbeats, worker) or '') ~= judged_heartbeat then return 0 end
if text_of(redis.pcall('GET', record)) ~= judged_record then return 0 end
local outcome, refused = 1, nil
if has_job then outcome, refused = dispose() end
refused = refused or unregister()
return refused and redis.error_reply(refused.err) or outcome
