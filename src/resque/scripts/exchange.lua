-- Reports the jobs that ended, then claims one job for each idle slot, in one atomic step: a job is at every instant in
-- a queue, in a worker's record, in `failed`, or counted. A finish counts only while the record bears its token, so the
-- call may be sent again after a lost reply. A payload is never decoded and encoded again: its bytes are spliced.
--
-- KEYS  pause-all-workers, then the queue lists. Only these are declared, since Redis 7.0 watches every declared key at
--       each read in a script; for the same reason records are taken with write commands.
-- ARGV  1 number of finishes, 2 number of idle slots, 3 where to begin in [0, 1) or '' in strict order, 4 token base,
--       5 `,"run_at":"…",`, 6 queues, 7 failed, 8 stat:processed, 9 stat:failed;
--       for each queue: its name as JSON, its weight;
--       for each finish: worker:W, the beginning of the record that bears its token, and
--         'd' (done), stat:processed:W  |  'f' (failed), stat:failed:W, head of the entry, its tail  |
--         'r' (requeue) or 'b' (requeue other bytes than the record shows), index of the queue, its name, the bytes;
--       for each idle slot: worker:W, slot number
-- Returns  paused 0/1, drained 0/1, a string with 1 or 0 for each finish, indexes of occupied slots; then for each
--       claim 2 * index of its queue + (strict and 1 or 0), payload
local finishes, idle, queues = tonumber(ARGV[1]), tonumber(ARGV[2]), #KEYS - 1
local arg = 10 + 2 * queues

-- GETDEL is missing before Redis 6.2, or forbidden to us.
local function take(worker)
  local record = redis.pcall('GETDEL', worker)
  if type(record) == 'table' and record.err then
    record = redis.call('GET', worker)
    redis.call('DEL', worker)
  end
  return record
end

-- A record's payload: its last field, and the only place where this text can stand outside of a string.
local function payload_in(record)
  local _, at = string.find(record, '"payload":', 1, true)
  return string.sub(record, at + 1, -2)
end

-- In three steps, so that a write that is refused midway (an ACL, no memory) loses nothing: the records of what is ours
-- are taken, the jobs are written to where they go, and what could not be written is held as before.
local held, settled = {}, {}
local function hold_again(refused)
  for worker, record in pairs(held) do redis.call('SET', worker, record) end
  return redis.error_reply(refused.err)
end

local ends, done = {}, 0
for i = 1, finishes do
  local worker, prefix, kind = ARGV[arg], ARGV[arg + 1], ARGV[arg + 2]
  local record = take(worker)
  local ours = record and string.sub(record, 1, #prefix) == prefix
  settled[i] = ours and '1' or '0'
  if ours then
    held[worker], ends[i] = record, arg
    if kind == 'd' then done = done + 1 end
  elseif record then
    redis.call('SET', worker, record)
  end
  arg = arg + (kind == 'd' and 4 or 6)
end

if done > 0 then
  local counted = redis.pcall('INCRBY', ARGV[8], done)
  if type(counted) == 'table' then return hold_again(counted) end
end
local failures = 0
for i = 1, finishes do
  local at = ends[i]
  if at then
    local worker, kind, moved = ARGV[at], ARGV[at + 2], nil
    if kind == 'd' then
      redis.pcall('INCR', ARGV[at + 3])
    elseif kind == 'f' then
      moved = redis.pcall('RPUSH', ARGV[7], ARGV[at + 4] .. payload_in(held[worker]) .. ARGV[at + 5])
    else
      redis.call('SADD', ARGV[6], ARGV[at + 4])
      moved = redis.pcall('LPUSH', KEYS[2 + tonumber(ARGV[at + 3])], kind == 'r' and payload_in(held[worker]) or ARGV[at + 5])
    end
    if type(moved) == 'table' then
      settled[i], settled.refused = '0', moved
    else
      held[worker] = nil
      if kind == 'f' then
        failures = failures + 1
        redis.pcall('INCR', ARGV[at + 3])
      end
    end
  end
end
if failures > 0 then redis.pcall('INCRBY', ARGV[9], failures) end
if settled.refused then return hold_again(settled.refused) end

-- Reading the pause key also watches it: the client is told when it changes. A key of another type does not pause.
local pause = redis.pcall('GET', KEYS[1])
local paused = type(pause) == 'string' and string.lower(string.match(pause, '^%s*(.-)%s*$')) == 'true'
local reply = { paused and 1 or 0, 0, table.concat(settled), {} }
if paused or idle == 0 then return reply end

-- Strictness. cjson alone is too lax: it takes `1.`, `-.5`, raw control characters and bytes that are no UTF-8, and it
-- stops at a NUL. Each has a cheap test first, and an exact one only where the cheap test hits.
local function is_utf8(text)
  text = string.gsub(text, '[\194-\223][\128-\191]', ' ')
  text = string.gsub(text, '\224[\160-\191][\128-\191]', ' ')
  text = string.gsub(text, '\237[\128-\159][\128-\191]', ' ')
  text = string.gsub(text, '[\225-\236\238\239][\128-\191][\128-\191]', ' ')
  text = string.gsub(text, '\240[\144-\191][\128-\191][\128-\191]', ' ')
  text = string.gsub(text, '\244[\128-\143][\128-\191][\128-\191]', ' ')
  text = string.gsub(text, '[\241-\243][\128-\191][\128-\191][\128-\191]', ' ')
  return not string.find(text, '[\128-\255]')
end

local function has_raw_control_character(text)
  if not string.find(text, '[\1-\31]') then return false end
  for inside in string.gmatch(string.gsub(text, '\\.', ''), '"([^"]*)"') do
    if string.find(inside, '[\1-\31]') then return true end
  end
  return false
end

local function has_lax_number(text)
  if not (string.find(text, '%.%D') or string.find(text, '%D%.')) then return false end
  local bare = string.gsub(string.gsub(text, '\\.', ''), '"[^"]*"', '')
  return string.find(bare, '%.%D') or string.find(bare, '%D%.')
end

local json
local function is_strict(text)
  if not string.find(text, '^%s*{') or string.find(text, '%z') then return false end
  if json == nil then
    json = cjson.new()
    json.decode_invalid_numbers(false)
  end
  local ok, job = pcall(json.decode, text)
  if not ok or has_raw_control_character(text) or has_lax_number(text) then return false end
  if string.find(text, '[\128-\255]') and not is_utf8(text) then return false end
  -- resque-web fails on an ActiveJob wrapper without its one argument.
  if job.class == 'ActiveJob::QueueAdapters::ResqueAdapter::JobWrapper' then
    return type(job.args) == 'table' and type(job.args[1]) == 'table'
  end
  return true
end

-- What is not a strict JSON object is shown as a text, from which its bytes can be had back: bytes that are no UTF-8 are
-- each taken for a Latin-1 character.
local function shown(text)
  local encoding = 'utf8'
  if not is_utf8(text) then
    local latin1 = {}
    for byte = 128, 255 do
      latin1[string.char(byte)] = byte < 192 and '\194' .. string.char(byte) or '\195' .. string.char(byte - 64)
    end
    encoding, text = 'latin1', string.gsub(text, '[\128-\255]', latin1)
  end
  return '"payload_encoding":"' .. encoding .. '","payload":{"class":"InvalidPayload","args":[' .. cjson.encode(text) .. ']}'
end

-- Candidates: the queues not yet found empty. In strict order the first; by weight each with its share, anew for each job.
-- Steps of the golden ratio fall evenly into the shares, where random numbers would need thousands of jobs for that.
local GOLDEN = 0.6180339887498949
local position, open, weights, total = tonumber(ARGV[3]), {}, {}, 0
for q = 1, queues do
  open[q] = q
  weights[q] = tonumber(ARGV[9 + 2 * q])
  total = total + weights[q]
end

local function choose()
  if not position then return 1 end
  position = (position + GOLDEN) % 1
  local at = position * total
  for i = 1, #open do
    at = at - weights[open[i]]
    if at < 0 then return i end
  end
  return #open
end

-- The next job, or nil when every queue is empty. A key that is not a list counts as empty; a queue that cannot be read
-- for another reason (a read-only replica) must not.
local function pop()
  while #open > 0 do
    local i = choose()
    local q = open[i]
    local payload = redis.pcall('LPOP', KEYS[1 + q])
    if type(payload) == 'string' then return q, payload end
    if payload and not string.find(payload.err, '^WRONGTYPE') then return nil, nil, payload.err end
    total = total - weights[q]
    table.remove(open, i)
  end
end

for i = 0, idle - 1 do
  local q, payload, refused = pop()
  if refused then return redis.error_reply(refused) end
  if q == nil then
    reply[2] = 1
    break
  end
  local strict = is_strict(payload)
  local set = redis.pcall('SET', ARGV[arg + 2 * i], '{"token":"' .. ARGV[4] .. ARGV[arg + 2 * i + 1] .. '","queue":'
    .. ARGV[8 + 2 * q] .. ARGV[5] .. (strict and '"payload":' .. payload or shown(payload)) .. '}', 'NX')
  if set and not set.err then
    reply[#reply + 1] = 2 * (q - 1) + (strict and 1 or 0)
    reply[#reply + 1] = payload
  else
    -- Somebody else's record is there, or we may not write: the job goes back to where it was.
    redis.call('LPUSH', KEYS[1 + q], payload)
    if set then return redis.error_reply(set.err) end
    table.insert(reply[4], i)
  end
end

-- Too little was found: reading the queues watches them, so that Redis tells this connection of the next push to any. The
-- check and the arming are one step; no push can fall between.
if reply[2] == 1 then
  for first = 2, queues + 1, 1000 do
    redis.call('EXISTS', unpack(KEYS, first, math.min(first + 999, queues + 1)))
  end
end
return reply
