-- The exchange, in parts that make one script (begin, finish, strict, draw, claim: a local of one is seen by the next).
-- Reports the jobs that ended, then claims one job for each idle slot, in one atomic step: a job is at every instant in
-- a queue, in a worker's record, in `failed`, or counted. A finish counts only while the record bears its token, so the
-- call may be sent again after a lost reply. A payload is never decoded and encoded again: its bytes are spliced.
--
-- KEYS  pause-all-workers, then the queue lists. Only these are declared, since Redis 7.0 watches every declared key at
--       each read in a script; for the same reason records are taken with write commands.
-- ARGV  1 number of finishes, 2 number of idle slots, 3 where to begin in [0, 1) or '' in strict order, 4 token base,
--       5 `,"run_at":"…",`, 6 queues, 7 failed, 8 stat:processed, 9 stat:failed,
--       10 a key that is there while we are registered, or '' not to ask,
--       11 the weights of the queues with commas between, or '' in strict order, 12 the length of a queue key's prefix;
--       for each finish: worker:W, slot number, the beginning of the record that bears its token, and
--         'd' (done), stat:processed:W  |  'f' (failed), stat:failed:W, head of the entry, its tail  |
--         'r' (requeue) or 'b' (requeue other bytes than the record shows), index of the queue, its name, the bytes;
--       for each idle slot that is not one of a finish: worker:W, slot number. The slots of the finishes are the first idle
--         ones, or none of them is idle.
-- Returns  0, 1 (paused) or 2 (not registered): nothing was claimed in both cases; drained 0/1; a string with 1 or 0 for
--       each finish; indexes of occupied slots; then for each claim 2 * index of its queue + (strict and 1 or 0), payload
local finishes, idle, queues = tonumber(ARGV[1]), tonumber(ARGV[2]), #KEYS - 1
local arg = 13

-- Takes a record away: a text, or false where there is none; and an error where we may not. GETDEL is missing before
-- Redis 6.2, or forbidden to us. A key of another type is no record of ours.
local function take(worker)
  local record = redis.pcall('GETDEL', worker)
  if type(record) ~= 'table' then return record end
  record = redis.pcall('GET', worker)
  if type(record) == 'table' then return false, not string.find(record.err, '^WRONGTYPE') and record or nil end
  local deleted = redis.pcall('DEL', worker)
  if type(deleted) == 'table' then return false, deleted end
  return record
end

-- A record's payload: its last field, and the only place where this text can stand outside of a string.
local function payload_in(record)
  local _, at = string.find(record, '"payload":', 1, true)
  return string.sub(record, at + 1, -2)
end

local function is_ours(record, at)
  local prefix = ARGV[at + 2]
  return record and string.sub(record, 1, #prefix) == prefix
end
