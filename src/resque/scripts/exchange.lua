-- Reports the jobs that ended, then claims one job for each idle slot, in one atomic step: a job is at every instant in
-- a queue, in a worker's record, in `failed`, or counted. A finish counts only while the record bears its token, so the
-- call may be sent again after a lost reply. A payload is never decoded and encoded again: its bytes are spliced.
--
-- A suspect (see recover.lua) that two processes died of is claimed only by one that runs nothing else. Where it would
-- have company it stays where it is, others are claimed, and the process that gets the turn is told to end its jobs.
--
-- KEYS  pause-all-workers, then the queue lists. Only these are declared, since Redis 7.0 watches every declared key at
--       each read in a script; for the same reason records are taken with write commands.
-- ARGV  1 number of finishes, 2 number of idle slots, 3 where to begin in [0, 1) or '' in strict order, 4 token base,
--       5 `,"run_at":"…",`, 6 queues, 7 failed, 8 stat:processed, 9 stat:failed, 10 tsworker:suspects, 11 tsworker:solo,
--       12 how many jobs run besides, 13 the turn: 'k' (we have it, keep it), 'x' (we do not want it), '' (we have none),
--       14 a key that is there while we are in the books, or '' not to ask,
--       15 the weights of the queues with commas between, or '' in strict order, 16 the length of a queue key's prefix;
--       for each finish: worker:W, slot number, the beginning of the record that bears its token, and
--         'd' (done), stat:processed:W  |  'f' (failed), stat:failed:W, head of the entry, its tail  |
--         'r' (requeue) or 'b' (requeue other bytes than the record shows), index of the queue, its name, the bytes;
--       for each idle slot that is not one of a finish: worker:W, slot number. The slots of the finishes are the first idle
--         ones, or none of them is idle.
-- Returns  0, 1 (paused) or 2 (not in the books): nothing was claimed in both cases; drained 0/1; a string with 1 or 0 for
--       each finish; indexes of occupied slots; a job waits to run alone: 0 (no), 1 (the turn is ours), 2 (another's);
--       then for each claim 8 * index of its queue + (alone and 4 or a suspect and 2 or 0) + (strict and 1 or 0), payload
local finishes, idle, queues = tonumber(ARGV[1]), tonumber(ARGV[2]), #KEYS - 1
local suspects, solo, busy = ARGV[10], ARGV[11], tonumber(ARGV[12])
local arg = 17

-- One command asks for both.
local known = ARGV[14] == '' and redis.call('EXISTS', suspects) + 2 or redis.call('EXISTS', suspects, ARGV[14], ARGV[14])
if known % 2 == 0 then suspects = nil end

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

local function forget_deaths(record)
  if suspects then redis.pcall('HDEL', suspects, redis.sha1hex(payload_in(record))) end
end

local function is_ours(record, at)
  local prefix = ARGV[at + 2]
  return record and string.sub(record, 1, #prefix) == prefix
end

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
    forget_deaths(record)
    failures = failures + 1
    redis.pcall('INCR', ARGV[at + 4])
  end
end
if failures > 0 then redis.pcall('INCRBY', ARGV[9], failures) end
if refused then return redis.error_reply(refused.err) end

-- Reading the pause key also watches it: the client is told when it changes. A key of another type does not pause.
local pause = redis.pcall('GET', KEYS[1])
local paused = type(pause) == 'string' and string.lower(string.match(pause, '^%s*(.-)%s*$')) == 'true'
local reply = { paused and 1 or known < 2 and 2 or 0, 0, '', {}, 0 }

-- The turn: at any time one process of all ends its other jobs for a suspect. It expires with a process that died.
local nonce = string.match(ARGV[4], '^[^-]*')
local function hold_turn(mode)
  local set = redis.pcall('SET', solo, nonce, 'PX', 15000, mode)
  reply[5] = set and not set.err and 1 or 2
end
local function release_turn()
  reply[5] = 0
  redis.call('DEL', solo)
end
if ARGV[13] ~= '' and redis.call('GET', solo) == nonce then
  if ARGV[13] == 'k' and reply[1] == 0 then hold_turn('XX') else release_turn() end
end
if reply[1] > 0 then idle = 0 end

-- Strictness. cjson alone is too lax: it takes `1.`, `-.5`, raw control characters and bytes that are no UTF-8, and it
-- stops at a NUL. One scan tells whether a payload holds any character that these need; only then each is looked for.
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

local function is_lax(text)
  return string.find(text, '%z') or has_raw_control_character(text) or has_lax_number(text)
    or (string.find(text, '[\128-\255]') and not is_utf8(text))
end

local json
local function is_strict(text)
  if not string.find(text, '^%s*{') then return false end
  if json == nil then
    json = cjson.new()
    json.decode_invalid_numbers(false)
  end
  local ok, job = pcall(json.decode, text)
  if not ok then return false end
  -- All of printable ASCII but the dot.
  if string.match(text, '^[ -\45/-~]*()') <= #text and is_lax(text) then return false end
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

-- `suspected` is of the payload that was looked at last, which is the next to be popped.
local now, suspected
local function must_run_alone(payload)
  suspected = false
  local seen = is_strict(payload) and payload or payload_in(shown(payload) .. '}')
  local deaths = redis.pcall('HGET', suspects, redis.sha1hex(seen))
  if type(deaths) ~= 'string' then return false end
  now = now or redis.call('TIME')[1]
  local count = 0
  for at in string.gmatch(deaths, '(%d+)/') do
    if now - at < 72 * 3600 then count = count + 1 end
  end
  suspected = count > 0
  return count >= 2
end

-- How many jobs at the head of a queue wait to run alone. They are looked at in their place: a queue that was popped and
-- pushed to would wake every other process, which would do the same, for ever.
local MOST_WAITING = 100
local waiting, alone = {}, false
-- The jobs that were popped, in order; of each its queue, and whether it is a suspect.
local jobs, from, suspicion = {}, {}, {}

-- Takes the job behind those that wait.
local function pop_behind(list, count)
  local before = {}
  -- Shows that what is popped may be pushed again, before anything is.
  local refused = redis.pcall('LPUSH', list, '')
  if type(refused) == 'table' then return refused end
  redis.call('LPOP', list)
  for i = count, 1, -1 do before[i] = redis.call('LPOP', list) end
  local payload = redis.call('LPOP', list)
  redis.call('LPUSH', list, unpack(before))
  return payload
end

local function next_of(q)
  local list = KEYS[1 + q]
  for i = waiting[q] or 0, MOST_WAITING do
    local payload = redis.pcall('LINDEX', list, i)
    if type(payload) ~= 'string' then return payload end
    if not must_run_alone(payload) then return i == 0 and redis.pcall('LPOP', list) or pop_behind(list, i) end
    if busy == 0 and #jobs == 0 then
      alone = true
      return redis.pcall('LPOP', list)
    end
    waiting[q] = i + 1
  end
end

-- Pops at most `count` jobs of a queue; an error where it cannot be read. LPOP takes no count before Redis 6.2.
local at_once = not suspects
local function pop(q, count)
  local popped
  if suspects then
    popped = next_of(q)
  else
    popped = count > 1 and redis.pcall('LPOP', KEYS[1 + q], count)
    at_once = at_once and not (popped and popped.err)
    if count == 1 or not at_once then popped = redis.pcall('LPOP', KEYS[1 + q]) end
  end
  return type(popped) == 'string' and { popped } or popped or {}
end

-- With the turn and no other job the suspect comes first, whatever the order of the queues.
local first
if reply[5] == 1 and busy == 0 then
  for q = 1, suspects and queues or 0 do
    local payload = redis.pcall('LINDEX', KEYS[1 + q], 0)
    if type(payload) == 'string' and must_run_alone(payload) then
      first = q
      break
    end
  end
  if not first then release_turn() end
end

-- Takes jobs of a queue for idle slots, and tells whether there may be more in it. A key that is not a list counts as
-- empty; a queue that cannot be read for another reason (a read-only replica) must not.
local function draw(q, count)
  local popped = pop(q, count)
  if popped.err and not string.find(popped.err, '^WRONGTYPE') then refused = popped end
  for n = 1, #popped do
    jobs[#jobs + 1], from[#from + 1] = popped[n], q
    suspicion[#jobs] = suspected
  end
  return #popped > 0
end

local function wants_more() return #jobs < idle and not alone and not refused end

-- Whether no queue is there. Reading them also watches them: Redis tells this connection of the next push to any. The
-- check and the arming are one step; no push can fall between.
local function is_none_there()
  local there = 0
  for at = 2, queues + 1, 1000 do
    there = there + redis.call('EXISTS', unpack(KEYS, at, math.min(at + 999, queues + 1)))
  end
  return there == 0
end

-- Where there are many queues most are empty, and idle workers ask all the time: once one is empty all are asked together.
local FEW_QUEUES, asked, none_there = 8, false, false
local function are_all_empty()
  if not asked and queues > FEW_QUEUES then none_there = is_none_there() end
  asked = true
  return none_there
end

-- Both tell whether every queue was found empty.
local function draw_in_order()
  for q = 1, queues do
    while wants_more() and draw(q, at_once and idle - #jobs or 1) do end
    if not wants_more() then return false end
    if are_all_empty() then return true end
  end
  return true
end

-- Each queue with its share, anew for each job. Steps of the golden ratio fall evenly into the shares, where random numbers
-- would need thousands of jobs for that.
local GOLDEN = 0.6180339887498949
local position, weights, open, ends = tonumber(ARGV[3]), {}, {}, {}
for weight in string.gmatch(ARGV[15], '[^,]+') do
  weights[#weights + 1] = tonumber(weight)
  open[#open + 1] = #open + 1
end

-- Shares one behind the other, without those of empty queues.
local function share_out(empty)
  local before, total = open, 0
  open, ends = {}, {}
  for i = 1, #before do
    local q = before[i]
    if not empty[q] then
      total = total + weights[q]
      open[#open + 1], ends[#ends + 1] = q, total
    end
  end
end

local function choose()
  position = (position + GOLDEN) % 1
  local at, low, high = position * ends[#ends], 1, #ends
  while low < high do
    local middle = math.floor((low + high) / 2)
    if at < ends[middle] then high = middle else low = middle + 1 end
  end
  return open[low]
end

-- Shares that have turned out to be empty are skipped, until they are half of all.
local function draw_by_weight()
  local empty, left, skipped = {}, queues, 0
  share_out(empty)
  while wants_more() do
    local wanted, chosen = {}, {}
    for _ = 1, at_once and idle - #jobs or 1 do
      local q = choose()
      if not wanted[q] and not empty[q] then chosen[#chosen + 1] = q end
      wanted[q] = (wanted[q] or 0) + 1
    end
    for i = 1, #chosen do
      local q = chosen[i]
      if not refused and not draw(q, wanted[q]) then
        empty[q], left, skipped = true, left - 1, skipped + weights[q]
      end
    end
    if left == 0 or left < queues and are_all_empty() then return true end
    if 2 * skipped >= ends[#ends] then
      share_out(empty)
      skipped = 0
    end
  end
  return false
end

local drained = false
if first and idle > 0 then
  draw(first, 1)
elseif idle > 0 then
  drained = (position and draw_by_weight or draw_in_order)()
end

-- A claim record but for its token; and whether its payload is strict.
local between = {}
local function record_of(payload, q)
  if not between[q] then
    -- cjson escapes the slash, which need not be.
    local name = string.gsub(cjson.encode(string.sub(KEYS[1 + q], ARGV[16] + 1)), '\\/', '/')
    between[q] = '","queue":' .. name .. ARGV[5]
  end
  if is_strict(payload) then return between[q] .. '"payload":' .. payload .. '}', 1 end
  return between[q] .. shown(payload) .. '}', 0
end

-- Writes a record in place of one that may be there. SET has no GET before Redis 6.2.
local function replace(worker, record)
  local old = redis.pcall('SET', worker, record, 'GET')
  if type(old) ~= 'table' then return old end
  old = redis.pcall('GET', worker)
  if type(old) == 'table' then return old end
  local set = redis.pcall('SET', worker, record)
  return set.err and set or old
end

-- Whether the slot holds the new claim now; the record of its last job, where that is done; an error.
local function claim(at, is_done, record)
  if not is_done then
    local set = redis.pcall('SET', ARGV[at], record, 'NX')
    return set and not set.err, false, set and set.err and set or nil
  end
  local old = replace(ARGV[at], record)
  if type(old) == 'table' then return false, false, old end
  if not old or is_ours(old, at) then return true, old end
  redis.call('SET', ARGV[at], old)
  return false, old
end

-- What is done ends, and what was popped is claimed; of a slot that has both, one command takes the old record and writes
-- the new one.
local others, n, done, ended, claimed = #slots - idle, 1, 0, {}, {}
for i = 1, #slots do
  local at, is_done = slots[i], i <= finishes and ARGV[slots[i] + 3] == 'd'
  local old, forbidden
  if i > others and jobs[n] and not refused then
    local record, strict = record_of(jobs[n], from[n])
    local stands
    local mark = alone and '-alone' or suspicion[n] and '-suspect' or ''
    stands, old, forbidden = claim(at, is_done, '{"token":"' .. ARGV[4] .. ARGV[at + 1] .. mark .. record)
    if stands then
      reply[#reply + 1] = 8 * (from[n] - 1) + (alone and 4 or suspicion[n] and 2 or 0) + strict
      reply[#reply + 1] = jobs[n]
      claimed[i] = n
      n = n + 1
    elseif not forbidden or string.find(forbidden.err, '^WRONGTYPE') then
      -- Somebody else's record is there.
      forbidden = nil
      table.insert(reply[4], i - others - 1)
    end
  elseif is_done then
    old, forbidden = take(ARGV[at])
    if old and not is_ours(old, at) then redis.call('SET', ARGV[at], old) end
  end
  refused = refused or forbidden
  if is_done then
    ended[i] = old and is_ours(old, at) and old or nil
    settled[i] = ended[i] and '1' or '0'
    done = done + tonumber(settled[i])
  end
end
for left = #jobs, n, -1 do redis.call('LPUSH', KEYS[1 + from[left]], jobs[left]) end

local counted = done > 0 and redis.pcall('INCRBY', ARGV[8], done)
if type(counted) == 'table' then
  for i = finishes, 1, -1 do
    if ended[i] and claimed[i] then redis.call('LPUSH', KEYS[1 + from[claimed[i]]], jobs[claimed[i]]) end
    if ended[i] then redis.call('SET', ARGV[slots[i]], ended[i]) end
  end
  refused = counted
elseif done > 0 then
  for i, record in pairs(ended) do
    redis.pcall('INCR', ARGV[slots[i] + 4])
    forget_deaths(record)
  end
end
if refused then return redis.error_reply(refused.err) end
reply[3] = table.concat(settled)
if drained and n > #jobs then reply[2] = 1 end
if alone and n > 1 then return reply end

-- Somebody must make room for those that wait.
if next(waiting) and reply[5] == 0 and ARGV[13] == 'x' then
  reply[5] = 2
elseif next(waiting) and reply[5] == 0 then
  hold_turn('NX')
  if reply[5] == 2 and redis.call('GET', solo) == nonce then hold_turn('XX') end
end

-- Too little was found.
if reply[2] == 1 and not none_there then is_none_there() end
return reply
