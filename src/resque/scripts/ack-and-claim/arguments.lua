-- Acknowledges finished jobs, then claims one job for each idle slot, in one atomic step: a job is at any time in a
-- queue, in a worker's record, in `failed`, or counted. A finish counts only while the record has its token, so the
-- call may be sent again after a lost reply. A payload is never decoded and encoded again: its bytes are copied.
--
-- The first of the files of this script (but for unique/locks.lua): its arguments. main.lua is the last, and the program; the others contain
-- functions. Redis makes each function anew in each call: those that most calls do not need are therefore made inside
-- of another one (load_…), when they are needed.
--
-- KEYS  pause-all-workers, then the queue lists, then for each queue the key that pauses it. Only these are declared, since
--       Redis 7.0 watches every declared key at each read in a script; for the same reason records are taken with write
--       commands.
-- Returns 0, 1 (paused) or 2 (not registered): nothing was claimed in both cases; drained 0/1; a string with 1 or 0 for
--       each finish, those that are done first; positions of occupied slots among the idle ones, from 0; nothing, or large
--       jobs at the head of a queue that come next, for the caller to claim by claim-large.lua: index of the queue,
--       payloads; names of queues with retries, each followed by in how many ms they are due; where ARGV[15] asks,
--       which queues are empty and tracked: their indexes, or -1 - index of those that are paused; then the claims: payloads, or the envelopes of retries. A number before them says
--       what follows: 2 * index of the queue + (strict and 1 or 0), or -1 - index of the queue for retries.

-- How many slots may get a job: none, or all of the finishes and the others.
local idle_count = tonumber(ARGV[1])
-- The tokens of the jobs that are done, each ending in its slot, separated by commas; the other slots, likewise.
local done_tokens, other_slots = ARGV[2], ARGV[3]
-- The parts of worker:W and stat:processed:W before and after the slot number.
local record_prefix, processed_prefix, worker_suffix = ARGV[4], ARGV[5], ARGV[6]
-- A token is this and the slot; a record's `,"run_at":"…",`.
local token_base, run_at = ARGV[7], ARGV[8]
local queue_prefix, processed_total = ARGV[9], ARGV[10]
-- A key that exists while this process is registered, or '' for no check; tsworker:retries, or '' to claim no retries.
local registration, retry_index = ARGV[11], ARGV[12]
-- Start position in [0, 1), and the weights of the queues separated by commas; both '' in strict order.
local position, weights = ARGV[13], ARGV[14]
-- '1': track the empty queues also where others have jobs, and return which they are.
local tells_empty = ARGV[15] == '1'
-- Absent where nothing follows. Else how many locks of unique jobs that end follow: for each the number of its finish, the
-- key of the lock, its token and its new TTL ('0': it is released); then what moved.lua reads, or nothing.
local lock_count = tonumber(ARGV[16] or 0)
local FIRST_LOCK, FIRST_MOVED = 17, 17 + 4 * lock_count

-- In a Cluster one more key is declared after the last.
local queue_count = math.floor((#KEYS - 1) / 2)

local function is_error(reply) return type(reply) == 'table' and reply.err ~= nil end
local function is_wrong_type(reply) return string.find(reply.err, 'WRONGTYPE', 1, true) ~= nil end

-- A key that cannot be incremented: not a number, or the largest one.
local function is_no_counter(reply)
  return is_wrong_type(reply) or string.find(reply.err, 'not an integer', 1, true) ~= nil
    or string.find(reply.err, 'overflow', 1, true) ~= nil
end

-- Redis' clock in milliseconds.
local clock
local function now()
  if not clock then
    local time = redis.call('TIME')
    clock = time[1] * 1000 + math.floor(time[2] / 1000)
  end
  return clock
end

local function queue_name(q) return string.sub(KEYS[1 + q], #queue_prefix + 1) end
