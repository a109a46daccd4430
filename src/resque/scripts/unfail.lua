-- Takes entries out of `failed` and, for a retry, pushes their payloads to the tails of their queues, in one step: a job
-- is at every instant in one place. An entry counts only where it still stands at its index, byte for byte: indexes shift
-- when others remove entries, and the caller then looks again. So the call may be sent again after a lost reply.
-- A payload is never decoded: its bytes are cut out of the entry.
--
-- KEYS  failed, queues, a key that is never there; then the queue lists
-- ARGV  1 a text that is no entry, 2 first and last index, 3 number of queues, their names; then for each entry, by rising
--       index, `index SHA-1 queue first last`: the number of its queue (0: for none, the entry just goes), and first and
--       last byte of the payload in the entry; where these are 0, the bytes themselves follow
-- Returns a string with a character for each entry: 1 (taken), 0 (not there), x (its queue refuses it and it stays);
--       and why the last of these was refused, or ''
local failed, gone, queues = KEYS[1], ARGV[1], tonumber(ARGV[3])
local from, upto = string.match(ARGV[2], '(%d+) (%d+)')
from, upto = tonumber(from), tonumber(upto)

-- Shows permission before anything is done. A first write that needs no memory also opens the way for the others where
-- Redis is full, which is when an operator clears the list.
redis.call('LREM', KEYS[3], 1, gone)

local page = redis.call('LRANGE', failed, from, upto)
local length = redis.call('LLEN', failed)
-- Counted from the nearer end, Redis 6 finds it sooner too.
local base = 2 * from < length and 0 or -length
local states, found, pushes = {}, {}, {}
local arg = 4 + queues
while ARGV[arg] do
  local index, sha, queue, first, last = string.match(ARGV[arg], '(%d+) (%x+) (%d+) (%d+) (%d+)')
  index, queue = tonumber(index), tonumber(queue)
  if first == '0' then arg = arg + 1 end
  local entry = page[index - from + 1]
  local there = entry and redis.sha1hex(entry) == sha
  states[#states + 1] = there and '1' or '0'
  if there then
    found[#found + 1] = { at = #states, index = index + base, entry = entry, queue = queue }
    if queue > 0 then
      local list = pushes[queue] or {}
      pushes[queue] = list
      list[#list + 1] = first == '0' and ARGV[arg] or string.sub(entry, tonumber(first), tonumber(last))
    end
  end
  arg = arg + 1
end
if #found == 0 then return { table.concat(states), '' } end

-- Marked first: where that is refused, nothing has happened yet.
for _, one in ipairs(found) do redis.call('LSET', failed, one.index, gone) end

-- A queue that takes nothing (its key is no list) keeps its entries where they are.
local refused, why = {}, ''
for queue, payloads in pairs(pushes) do
  local reply = redis.pcall('SADD', KEYS[2], ARGV[3 + queue])
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
if marked > 0 then redis.call('LREM', failed, base == 0 and marked or -marked, gone) end
return { table.concat(states), why }
