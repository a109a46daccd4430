-- Takes entries out of `failed` and, for a retry, pushes their payloads to the tails of their queues, in one step: a job
-- is at every instant in one place. An entry counts only where it still stands at its index, byte for byte: indexes shift
-- when others remove entries, and the caller then looks again. So the call may be sent again after a lost reply.
-- A payload is never decoded: its bytes are cut out of the entry.
--
-- KEYS  failed, queues, a key that is never there; then the queue lists
-- ARGV  1 a text that is no entry, 2 number of queues, their names; then for each entry, by rising index: index, SHA-1,
--       number of the queue (0: for no queue, the entry just goes), and first and last byte of the payload in the entry,
--       or '' and the bytes themselves
-- Returns a string with a character for each entry: 1 (taken), 0 (not there), x (its queue refuses it and it stays);
--       and why the last of these was refused, or ''
local failed, gone, queues = KEYS[1], ARGV[1], tonumber(ARGV[2])
local FIRST, STEP = 3 + queues, 5

-- Shows permission before anything is done. A first write that needs no memory also opens the way for the others where
-- Redis is full, which is when an operator clears the list.
redis.call('LREM', KEYS[3], 1, gone)

local from, upto = tonumber(ARGV[FIRST]), tonumber(ARGV[#ARGV - STEP + 1])
local page = redis.call('LRANGE', failed, from, upto)
local length = redis.call('LLEN', failed)
local states, found, pushes = {}, {}, {}
for arg = FIRST, #ARGV, STEP do
  local index = tonumber(ARGV[arg])
  local entry = page[index - from + 1]
  local there = entry and redis.sha1hex(entry) == ARGV[arg + 1]
  states[#states + 1] = there and '1' or '0'
  if there then
    local queue = tonumber(ARGV[arg + 2])
    found[#found + 1] = { at = #states, index = index, entry = entry, queue = queue }
    if queue > 0 then
      pushes[queue] = pushes[queue] or {}
      table.insert(pushes[queue], ARGV[arg + 3] == '' and ARGV[arg + 4]
        or string.sub(entry, tonumber(ARGV[arg + 3]), tonumber(ARGV[arg + 4])))
    end
  end
end
if #found == 0 then return { table.concat(states), '' } end

-- Marked first: where that is refused, nothing has happened yet.
for _, one in ipairs(found) do redis.call('LSET', failed, one.index, gone) end

-- A queue that takes nothing (its key is no list) keeps its entries where they are.
local refused, why = {}, ''
for queue, payloads in pairs(pushes) do
  local reply = redis.pcall('SADD', KEYS[2], ARGV[2 + queue])
  if type(reply) == 'number' then reply = redis.pcall('RPUSH', KEYS[3 + queue], unpack(payloads)) end
  if type(reply) == 'table' then
    refused[queue] = true
    why = reply.err
  end
end
local marked = 0
for _, one in ipairs(found) do
  if refused[one.queue] then
    states[one.at] = 'x'
    redis.call('LSET', failed, one.index, one.entry)
  else
    marked = marked + 1
  end
end

-- From the nearer end.
if marked > 0 then redis.call('LREM', failed, upto < length - from and marked or -marked, gone) end
return { table.concat(states), why }
