-- Acknowledges finished jobs, then claims one job for each idle slot, in one atomic step: a job is at any time in a
-- queue, in a worker's record, in `failed`, or counted. A finish counts only while the record has its token, so the
-- call may be sent again after a lost reply. A payload is never decoded and encoded again: its bytes are copied.
--
-- The last of the files of this script; the others contain functions: unique/locks.lua, replies.lua, records.lua,
-- json.lua, pauses.lua, retries.lua, queues.lua.
--
-- KEYS  pause-all-workers, then the queue lists, then for each queue the key that pauses it. Only these are declared, since
--       Redis 7.0 watches every declared key at each read in a script; for the same reason records are taken with write
--       commands.
-- ARGV  as named below; then for each lock of a unique job that ends: the number of its finish, the key of the lock, its token
--       and its new TTL ('0': it is released); then for each finish: slot, token, and
--         'd' (done)  |  'f' (failed), head of the entry, its tail  |
--         'r' (requeue) or 'b' (requeue other bytes than the record shows), index of the queue, its name, the bytes  |
--         't' (try again later), its queue, in how many ms, the head of the envelope, '1' where it counts as a retry;
--       then the idle slots that are none of a finish. The slots of the finishes are the first idle ones, or none of them
--       is idle.
-- Returns 0, 1 (paused) or 2 (not registered): nothing was claimed in both cases; drained 0/1; a string with 1 or 0 for
--       each finish; positions of occupied slots among the idle ones, from 0; nothing, or large jobs at the head of a queue
--       that come next, for the caller to claim by claim-large.lua: index of the queue, payloads; where drained, in how
--       many ms the next retry of our queues is due, or -1; then for each claim 2 * index of its queue + (strict and 1 or
--       0), payload; or for a retry -1 - index of its queue, its envelope
local finish_count, idle_count = tonumber(ARGV[1]), tonumber(ARGV[2])
-- The parts of worker:W, stat:processed:W and stat:failed:W before and after the slot number.
local record_prefix, processed_prefix, failures_prefix, worker_suffix = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
-- A token is this and the slot; a record's `,"run_at":"…",`.
local token_base, run_at = ARGV[7], ARGV[8]
local queue_set, failed_list, processed_total, failures_total = ARGV[9], ARGV[10], ARGV[11], ARGV[12]
-- A key that exists while this process is registered, or '' for no check.
local registration = ARGV[13]
-- Start position in [0, 1), and the weights of the queues separated by commas; both '' in strict order.
local position, weights = ARGV[14], ARGV[15]
-- ARGV[16] to ARGV[18] are read in retries.lua. ARGV[19] counts what the two totals do not.
local stat = ARGV[19]
local lock_count = tonumber(ARGV[20])
local FIRST_LOCK = 21
local FIRST_FINISH = FIRST_LOCK + 4 * lock_count

-- Positions of the finishes in ARGV, and the slots: those of the finishes, then the others.
local function read_slots()
  local finish_at, slots, at = {}, {}, FIRST_FINISH
  for i = 1, finish_count do
    finish_at[i], slots[i] = at, ARGV[at]
    local kind = ARGV[at + 2]
    at = at + (kind == 'd' and 3 or kind == 'f' and 5 or kind == 't' and 7 or 6)
  end
  for i = at, #ARGV do slots[#slots + 1] = ARGV[i] end
  return finish_at, slots
end

local function record_key(slot) return record_prefix .. slot .. worker_suffix end

-- Destinations of failed and requeued jobs.
local function move(at, record)
  local kind = ARGV[at + 2]
  if kind == 'f' then return redis.pcall('RPUSH', failed_list, ARGV[at + 3] .. payload_in(record) .. ARGV[at + 4]) end
  if kind == 't' then return add_retry(ARGV[at + 3], now() + tonumber(ARGV[at + 4]), ARGV[at + 5] .. shown_in(record)) end
  redis.pcall('SADD', queue_set, ARGV[at + 4])
  return redis.pcall('LPUSH', KEYS[2 + tonumber(ARGV[at + 3])], kind == 'r' and payload_in(record) or ARGV[at + 5])
end

-- Acknowledges failed and requeued jobs, in three steps, so that a write that is rejected midway (an ACL, no memory)
-- loses nothing: the records with the right token are taken, the jobs are written to their destinations, and for those
-- that could not be written the records are restored. Sets '1' or '0' for each in `settled`; returns an error, if any.
local function move_ended(finish_at, settled)
  local taken, refusal, failures, retries = {}, nil, 0, 0
  for i = 1, finish_count do
    local at = finish_at[i]
    if ARGV[at + 2] ~= 'd' then
      local key = record_key(ARGV[at])
      local record, forbidden = take(key)
      refusal = refusal or forbidden
      local ours = has_token(record, ARGV[at + 1])
      settled[i] = ours and '1' or '0'
      if ours then taken[i] = record elseif record then redis.call('SET', key, record) end
    end
  end
  for i = 1, finish_count do
    local record, at = taken[i], finish_at[i]
    local moved = record and move(at, record)
    if is_error(moved) then
      refusal = moved
      redis.call('SET', record_key(ARGV[at]), record)
    elseif moved and ARGV[at + 2] == 'f' then
      failures = failures + 1
      redis.pcall('INCR', failures_prefix .. ARGV[at] .. worker_suffix)
    elseif moved and ARGV[at + 2] == 't' and ARGV[at + 6] == '1' then
      retries = retries + 1
    end
  end
  if retries > 0 then redis.pcall('HINCRBY', stat, 'retried', retries) end
  if failures > 0 then redis.pcall('INCRBY', failures_total, failures) end
  return refusal
end

-- The part of a claim record between the token and the payload, by queue.
local before_payload = {}
local function record_of(token, payload, q, strict, is_retry)
  if not before_payload[q] then
    -- cjson escapes the slash, which need not be.
    local name = string.gsub(cjson.encode(queue_name(q)), '\\/', '/')
    before_payload[q] = '","queue":' .. name .. run_at
  end
  if is_retry then return '{"token":"' .. token .. before_payload[q] .. state_in(payload) end
  return '{"token":"' .. token .. before_payload[q] .. (strict and '"payload":' .. payload or as_text(payload)) .. '}'
end

-- Writes the record of a claim. `ended`: the token of the job that ended in this slot, or nil.
-- Returns whether the claim was written; the record of the job that ended, if it had that token; an error.
local function claim(key, record, ended)
  if not ended then
    local set = redis.pcall('SET', key, record, 'NX')
    if is_error(set) then return false, nil, set end
    return set and true or false
  end
  local old = replace(key, record)
  if is_error(old) then return false, nil, old end
  if not old or has_token(old, ended) then return true, old or nil end
  redis.call('SET', key, old)
  return false
end

-- Takes the record of a job that is done. Returns the record, if it had the job's token; an error.
local function take_done(key, token)
  local record, forbidden = take(key)
  if has_token(record, token) then return record, forbidden end
  if record then redis.call('SET', key, record) end
  return nil, forbidden
end

-- Ends jobs that are done, and claims the drawn jobs; for a slot with both, one command takes the old record and writes
-- the new one. Returns how many of the drawn jobs were claimed, the records of jobs that are done by the number of
-- their finish, the drawn job of each slot, and an error.
local function end_and_claim(finish_at, slots, settled, drawn, reply)
  local others, n, ended, claimed, refusal = #slots - idle_count, 1, {}, {}, drawn.refusal
  for i = 1, #slots do
    local at = i <= finish_count and ARGV[finish_at[i] + 2] == 'd' and finish_at[i]
    local done_token = at and ARGV[at + 1] or nil
    local key, old, forbidden = nil, nil, nil
    local payload = not refusal and i > others and drawn.payloads[n]
    if payload then
      key = record_key(slots[i])
      local is_retry = drawn.due[n] ~= false
      local record = record_of(token_base .. slots[i], payload, drawn.queues[n], drawn.strict[n], is_retry)
      local stands
      stands, old, forbidden = claim(key, record, done_token)
      if stands then
        local q = drawn.queues[n] - 1
        reply[#reply + 1] = is_retry and -1 - q or 2 * q + (drawn.strict[n] and 1 or 0)
        reply[#reply + 1] = payload
        claimed[i] = n
        n = n + 1
      elseif not forbidden or is_wrong_type(forbidden) then
        -- Another program's record occupies the slot.
        forbidden = nil
        table.insert(reply[4], i - others - 1)
      end
    elseif at then
      old, forbidden = take_done(record_key(slots[i]), done_token)
    end
    refusal = refusal or forbidden
    if at then
      ended[i] = old
      settled[i] = old and '1' or '0'
    end
  end
  for left = #drawn.payloads, n, -1 do give_back(drawn, left) end
  return n - 1, ended, claimed, refusal
end

-- Counts the jobs that are done. If the ACL forbids it, none has ended; a counter that is not a number, or at its
-- maximum, does not prevent jobs from ending. Returns an error.
local function count_done(ended, slots, drawn, claimed)
  local done = 0
  for _ in pairs(ended) do done = done + 1 end
  if done == 0 then return nil end
  local counted = redis.pcall('INCRBY', processed_total, done)
  if is_error(counted) and not is_no_counter(counted) then
    for i = finish_count, 1, -1 do
      local n = ended[i] and claimed[i]
      if n then give_back(drawn, n) end
      if ended[i] then redis.call('SET', record_key(slots[i]), ended[i]) end
    end
    return counted
  end
  for i in pairs(ended) do redis.pcall('INCR', processed_prefix .. slots[i] .. worker_suffix) end
end

-- Only those of jobs that ended now: a job that somebody else has recovered keeps its lock.
local function settle_locks(settled)
  for at = FIRST_LOCK, FIRST_FINISH - 1, 4 do
    if settled[tonumber(ARGV[at])] == '1' then settle_lock(ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]) end
  end
end

local function main()
  local finish_at, slots = read_slots()
  local settled = {}
  local refusal = move_ended(finish_at, settled)
  if refusal then return redis.error_reply(refusal.err) end
  local registered, has_retries = look_up(registration)
  local state = are_all_paused() and 1 or not registered and 2 or 0
  if state > 0 then idle_count = 0 end
  if has_retries and idle_count > 0 then find_retries() end
  local drawn = with_strict_numbers(draw, idle_count, position ~= '' and tonumber(position), weights)
  local reply = { state, 0, '', {}, drawn.large or false, -1 }
  local claims, ended, claimed
  claims, ended, claimed, refusal = end_and_claim(finish_at, slots, settled, drawn, reply)
  refusal = count_done(ended, slots, drawn, claimed) or refusal
  if refusal then return redis.error_reply(refusal.err) end
  settle_locks(settled)
  reply[3] = table.concat(settled)
  -- Fewer jobs than slots were found: tracking reports the next push.
  if drawn.all_empty and claims == #drawn.payloads then
    reply[2] = 1
    reply[6] = until_next_retry()
    watch_queues(drawn)
  end
  return reply
end

return main()
