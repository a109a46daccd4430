-- Takes jobs out of a queue, and pushes them to the tail of another one or deletes them, in one step and in order. Only a job
-- that is still near the position where it was seen, byte for byte, is taken: workers pop meanwhile, and jobs that moved up
-- are found. So the call may be sent again after a lost reply.
--
-- KEYS  queues, the queue's list, a key that never exists; then the list of the other queue
-- ARGV  1 a text that is not a job; 2 the name of the other queue, or ''; 3 and 4 index of the first and the last entry to look
--       at; 5 number of locks, then for each lock of a unique job the number of the job, the key, the token, and the new TTL
--       ('0': it is released); then the jobs, by rising index
-- Returns a string with a character for each job: 1 (taken) or 0 (not there); or nil: a key is not a list, nothing has changed
local queues, source, never, target = unpack(KEYS)
local gone, name, from, upto = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local FIRST_LOCK = 6
local FIRST = FIRST_LOCK + 4 * tonumber(ARGV[5])

local function is_error(reply) return type(reply) == 'table' and reply.err ~= nil end
local function length_of(list)
  local length = redis.pcall('LLEN', list)
  if not is_error(length) then return length end
  if string.find(length.err, 'WRONGTYPE', 1, true) then return nil end
  error(length.err, 0)
end

local length = length_of(source)
if not length or name ~= '' and not length_of(target) then return false end

-- The positions in the page, by bytes.
local page = redis.call('LRANGE', source, from, upto)
local places = {}
for place = 1, #page do
  local at = places[page[place]] or { next = 1 }
  at[#at + 1] = place
  places[page[place]] = at
end

local states, taken, jobs = {}, {}, {}
for i = FIRST, #ARGV do
  local at = places[ARGV[i]]
  local place = at and at[at.next]
  if place then
    at.next = at.next + 1
    taken[#taken + 1], jobs[#jobs + 1] = place, ARGV[i]
  end
  states[#states + 1] = place and '1' or '0'
end
if #taken == 0 then return table.concat(states) end

-- Each command is tried first in a way that changes nothing if it is refused (ACL, no memory). After a first write that
-- needs no memory, a full Redis also allows those that do.
redis.call('LREM', never, 1, gone)
local by_head = from * 2 < length
local base = from - 1 - (by_head and 0 or length)
redis.call('LSET', source, base + taken[1], gone)
if name ~= '' then
  local pushed = redis.pcall('SADD', queues, name)
  if not is_error(pushed) then pushed = redis.pcall('RPUSH', target, unpack(jobs)) end
  if is_error(pushed) then
    redis.call('LSET', source, base + taken[1], page[taken[1]])
    return redis.error_reply(pushed.err)
  end
end
for i = 2, #taken do redis.call('LSET', source, base + taken[i], gone) end
redis.call('LREM', source, by_head and #taken or -#taken, gone)
for at = FIRST_LOCK, FIRST - 1, 4 do
  if states[tonumber(ARGV[at])] == '1' then settle_lock(ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]) end
end
return table.concat(states)
