-- Second part: what ended badly, or goes back to its queue. What is done is counted in the last part, where a slot may take
-- its next job with the same command.

-- Where in ARGV each slot's worker stands: the slots of the finishes, then the others.
local slots, settled = {}, {}
for i = 1, finishes do
  slots[i] = arg
  arg = arg + (ARGV[arg + 3] == 'd' and 5 or 7)
end
for i = finishes + 1, finishes + (#ARGV - arg + 1) / 2 do
  slots[i] = arg
  arg = arg + 2
end

-- What failed or goes back: in three steps, so that a write that is refused midway (an ACL, no memory) loses nothing. The
-- records of what is ours are taken, the jobs are written to where they go, and what could not be written is held again.
local held, refused, failures = {}, nil, 0
local function move(at, record)
  local kind = ARGV[at + 3]
  if kind == 'f' then return redis.pcall('RPUSH', ARGV[7], ARGV[at + 5] .. payload_in(record) .. ARGV[at + 6]) end
  redis.pcall('SADD', ARGV[6], ARGV[at + 5])
  return redis.pcall('LPUSH', KEYS[2 + tonumber(ARGV[at + 4])], kind == 'r' and payload_in(record) or ARGV[at + 6])
end
for i = 1, finishes do
  local at = slots[i]
  if ARGV[at + 3] ~= 'd' then
    local record, forbidden = take(ARGV[at])
    refused = refused or forbidden
    settled[i] = is_ours(record, at) and '1' or '0'
    if settled[i] == '1' then held[i] = record elseif record then redis.call('SET', ARGV[at], record) end
  end
end
for i = 1, finishes do
  local record, at = held[i], slots[i]
  local moved = record and move(at, record)
  if type(moved) == 'table' then
    refused = moved
    redis.call('SET', ARGV[at], record)
  elseif moved and ARGV[at + 3] == 'f' then
    failures = failures + 1
    redis.pcall('INCR', ARGV[at + 4])
  end
end
if failures > 0 then redis.pcall('INCRBY', ARGV[9], failures) end
if refused then return redis.error_reply(refused.err) end

-- Reading the pause key also watches it: the client is told when it changes. A key of another type does not pause.
local pause = redis.pcall('GET', KEYS[1])
local paused = type(pause) == 'string' and string.lower(string.match(pause, '^%s*(.-)%s*$')) == 'true'
local registered = ARGV[10] == '' or redis.call('EXISTS', ARGV[10]) == 1
local reply = { paused and 1 or not registered and 2 or 0, 0, '', {} }
if reply[1] > 0 then idle = 0 end
