-- Takes entries out of `failed` and, for a retry, pushes their payloads to the tails of their queues, in one step: a job
-- is at every instant in one place. Only an entry that is still at its index, byte for byte, is taken: indexes shift
-- when others remove entries, and the caller then looks again. So the call may be sent again after a lost reply.
-- A payload is never decoded: its bytes are cut out of the entry.
--
-- KEYS  failed, queues, a key that never exists; then the queue lists
--       A queue with the name '' is not a queue, but the trash list, which keeps deleted entries for an hour.
-- ARGV  1 a text that is not an entry; 2 for each entry, by rising index, 56 bytes: index, SHA-1 as hex, number of its queue
--       (0: none, the entry is deleted), first and last byte of the payload in it (last 0: the next of the others below),
--       all numbers in 4 bytes, big-endian; 3 number of locks, then for each lock of a unique job the number of its entry, the
--       key, the token, and the TTL; then the number of queues, their names; then payloads that no entry shows
-- Returns a string with a character for each entry: 1 (taken), 0 (not there), x (its queue refuses it and it stays), h (it
--       stays, since another job holds its lock); and why the last of the x was refused, or ''
local failed, gone, blob = KEYS[1], ARGV[1], ARGV[2]
local FIRST_LOCK = 4
local queue_count_at = FIRST_LOCK + 4 * tonumber(ARGV[3])
local queues = tonumber(ARGV[queue_count_at])
local unpack_entry, sha1hex, sub = struct.unpack, redis.sha1hex, string.sub
local ENTRY, SIZE = '>I4c40I4I4I4', 56
local KEPT_S = 3600
local from, upto = struct.unpack('>I4', blob), struct.unpack('>I4', blob, #blob - SIZE + 1)

-- Checks the permission before anything is done. If Redis is full, as when an operator clears the list, a first write
-- that needs no memory also allows the following ones.
redis.call('LREM', KEYS[3], 1, gone)
for queue = 1, queues do
  if ARGV[3 + queue] == '' then redis.call('EXPIRE', KEYS[3 + queue], KEPT_S) end
end

local page = redis.call('LRANGE', failed, from, upto)
local length = redis.call('LLEN', failed)
local states, pushes, queue_at, first_found = {}, {}, {}, nil
local other = queue_count_at + 1 + queues

-- The index of the first argument of a lock, by the number of the entry. Of two jobs that count as the same only one
-- may run.
local lock_of, wanted = {}, {}
for at = FIRST_LOCK, queue_count_at - 1, 4 do lock_of[tonumber(ARGV[at])] = at + 1 end
local function is_held(number)
  local at = lock_of[number]
  if not at then return false end
  local key = ARGV[at]
  if wanted[key] or redis.call('GET', key) and not holds_lock(key, ARGV[at + 1]) then return true end
  wanted[key] = true
  return false
end

for at = 1, #blob, SIZE do
  local index, sha, queue, first, last = unpack_entry(ENTRY, blob, at)
  local place = index - from + 1
  local entry = page[place]
  local payload
  if queue > 0 and last == 0 then
    payload = ARGV[other]
    other = other + 1
  end
  if entry and sha1hex(entry) == sha and is_held(#states + 1) then
    states[#states + 1] = 'h'
  elseif entry and sha1hex(entry) == sha then
    first_found = first_found or place
    states[#states + 1] = '1'
    queue_at[place] = queue
    if queue > 0 then
      local list = pushes[queue]
      if not list then
        list = {}
        pushes[queue] = list
      end
      list[#list + 1] = payload or sub(entry, first, last)
    end
  else
    states[#states + 1] = '0'
  end
end
if not first_found then return { table.concat(states), '' } end

-- From the nearer end, which Redis 6 finds faster.
local by_head = 2 * from < length
local base = from - 1 - (by_head and 0 or length)
local function put(place, text) redis.call('LSET', failed, base + place, text) end
-- If this is refused, nothing has happened yet; the following writes are then allowed too.
put(first_found, gone)

-- A queue whose key is not a list: its entries stay.
local refused, why = {}, ''
for queue, payloads in pairs(pushes) do
  local reply = redis.pcall('LLEN', KEYS[3 + queue])
  local name = ARGV[queue_count_at + queue]
  local is_trash = name == ''
  if type(reply) == 'number' and not is_trash then reply = redis.pcall('SADD', KEYS[2], name) end
  if type(reply) == 'number' then reply = redis.pcall('RPUSH', KEYS[3 + queue], unpack(payloads)) end
  if type(reply) == 'number' and is_trash then redis.call('EXPIRE', KEYS[3 + queue], KEPT_S) end
  if type(reply) == 'table' then
    refused[queue] = true
    why = reply.err
  end
end
if next(refused) then
  for at = 1, #blob, SIZE do
    local place = unpack_entry('>I4', blob, at) - from + 1
    if refused[queue_at[place]] then
      queue_at[place] = nil
      states[(at - 1) / SIZE + 1] = 'x'
    end
  end
  if not queue_at[first_found] then put(first_found, page[first_found]) end
end
for number, at in pairs(lock_of) do
  if states[number] == '1' then redis.pcall('SET', ARGV[at], ARGV[at + 1], 'PX', ARGV[at + 2]) end
end
local marked = 0
for _ in pairs(queue_at) do marked = marked + 1 end
if marked == 0 then return { table.concat(states), why } end

-- If most entries are taken, the remaining ones are moved behind them, and so stay close together: a list with few
-- entries in each of its nodes takes ten times as long to traverse.
if 2 * marked > #page then
  local free = #page
  for place = #page, 1, -1 do
    if not queue_at[place] then
      if free > place then put(free, page[place]) end
      free = free - 1
    end
  end
  for place = 1, free do put(place, gone) end
else
  for place in pairs(queue_at) do put(place, gone) end
end
redis.call('LREM', failed, by_head and marked or -marked, gone)
return { table.concat(states), why }
