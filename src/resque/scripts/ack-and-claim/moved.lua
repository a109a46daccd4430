-- The jobs that failed, are requeued, or are to run again: few, so these functions are created when there are some.
--
-- ARGV, from `first` on  queues (or quarantines), failed, stat:failed, the part of stat:failed:W before the slot,
--                        tsworker:retries, tsworker:stat; then for each: slot, token, and
--         'f' (failed), head of the entry, its tail  |
--         'r' (requeue) or 'b' (requeue other bytes than the record shows), its queue, the bytes  |
--         't' (try again later), its queue, in how many ms, the head of the envelope, '1' where it counts as a retry
-- Returns a text with 1 for each that was acknowledged and else 0, and an error.
local function acknowledge_moved(first)
  local queue_set, failed_list, failures_total, failures_prefix = unpack(ARGV, first, first + 3)
  local index, stat = ARGV[first + 4], ARGV[first + 5]
  local LENGTH = { f = 5, r = 5, b = 5, t = 7 }

  -- A record's payload: its last field, and the only place where this text can occur outside of a string.
  local function payload_in(record)
    local _, at = string.find(record, '"payload":', 1, true)
    return string.sub(record, at + 1, -2)
  end

  -- The last fields of a record: its payload, preceded by the encoding if it is written as text.
  local function shown_in(record)
    local payload, encoding = string.find(record, '"payload":', 1, true), string.find(record, '"payload_encoding":', 1, true)
    return string.sub(record, encoding and encoding < payload and encoding or payload)
  end

  -- Adds a retry. Returns an error if that fails; then nothing has changed.
  local function add_retry(queue, due, envelope)
    local earliest = redis.pcall('ZADD', index, 'XX', 'INCR', 0, queue)
    if is_error(earliest) then return earliest end
    local added = redis.pcall('ZADD', index .. ':' .. queue, due, envelope)
    if not is_error(added) and (not earliest or due < tonumber(earliest)) then redis.call('ZADD', index, due, queue) end
    return added
  end

  local function move(at, record)
    local kind = ARGV[at + 2]
    if kind == 'f' then return redis.pcall('RPUSH', failed_list, ARGV[at + 3] .. payload_in(record) .. ARGV[at + 4]) end
    if kind == 't' then return add_retry(ARGV[at + 3], now() + tonumber(ARGV[at + 4]), ARGV[at + 5] .. shown_in(record)) end
    redis.pcall('SADD', queue_set, ARGV[at + 3])
    return redis.pcall('LPUSH', queue_prefix .. ARGV[at + 3], kind == 'r' and payload_in(record) or ARGV[at + 4])
  end

  -- In three steps, so that a write that is rejected midway (an ACL, no memory) loses nothing: the records with the right
  -- token are taken, the jobs are written to their destinations, and for those that could not be written the records
  -- are restored.
  local settled, taken, refusal, retries, failures = {}, {}, nil, 0, 0
  local at = first + 6
  while ARGV[at] do
    local key = record_prefix .. ARGV[at] .. worker_suffix
    local record, forbidden = take(key)
    refusal = refusal or forbidden
    local ours = has_token(record, ARGV[at + 1])
    settled[#settled + 1] = ours and '1' or '0'
    if ours then taken[#taken + 1] = { at = at, key = key, record = record } elseif record then redis.call('SET', key, record) end
    at = at + LENGTH[ARGV[at + 2]]
  end
  for i = 1, #taken do
    local one = taken[i]
    local moved, kind = move(one.at, one.record), ARGV[one.at + 2]
    if is_error(moved) then
      refusal = moved
      redis.call('SET', one.key, one.record)
    elseif kind == 'f' then
      failures = failures + 1
      redis.pcall('INCR', failures_prefix .. ARGV[one.at] .. worker_suffix)
    elseif kind == 't' and ARGV[one.at + 6] == '1' then
      retries = retries + 1
    end
  end
  if retries > 0 then redis.pcall('HINCRBY', stat, 'retried', retries) end
  if failures > 0 then redis.pcall('INCRBY', failures_total, failures) end
  return table.concat(settled), refusal
end
