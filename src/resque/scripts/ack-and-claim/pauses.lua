-- Functions: which queues are paused. Reading the keys also tracks them, so that the caller is notified of a change.

-- In a Cluster one more key is declared after the last.
local queue_count = math.floor((#KEYS - 1) / 2)

-- The first queues are read together with pause-all-workers, since most calls need no others; the rest by the thousand.
local ASKED_FIRST, ASKED_TOGETHER = 16, 1000
-- Numbers of queues. Those up to `asked` have been read.
local paused, asked = {}, 0

-- A queue is paused while its key is a string with any value; it may expire.
local function note_pauses(texts, first_text)
  for i = first_text, #texts do
    asked = asked + 1
    if texts[i] then paused[asked] = true end
  end
end

-- A key of another type does not pause.
local function are_all_paused()
  local first, last = 2 + queue_count, 1 + queue_count + math.min(queue_count, ASKED_FIRST)
  local texts = redis.pcall('MGET', KEYS[1], unpack(KEYS, first, last))
  -- Jobs have already been acknowledged: if the ACL forbids the read, nothing counts as paused.
  if is_error(texts) then
    asked = queue_count
    return false
  end
  note_pauses(texts, 2)
  local pause = texts[1]
  if not pause or #pause > 100 then return false end
  return string.lower(string.match(pause, '^%s*(.-)%s*$')) == 'true'
end

-- Reads the pauses of all queues that have not been read. Returns whether any queue is paused.
local function find_pauses()
  while asked < queue_count do
    local first = 1 + queue_count + asked + 1
    note_pauses(redis.call('MGET', unpack(KEYS, first, math.min(first + ASKED_TOGETHER - 1, 1 + 2 * queue_count))), 1)
  end
  return next(paused) ~= nil
end

local function is_queue_paused(q)
  if q > asked then find_pauses() end
  return paused[q]
end
