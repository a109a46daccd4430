-- Functions: retries. They wait by queue, in a sorted set of envelopes scored by when they are due, in milliseconds of
-- Redis' clock: `{"queue":"…","retry":{…},"payload":…}`, from "retry" on the same as in a record. A sorted set of the
-- queues contains when the first of each is due, or an earlier time. Nothing is done here if no job waits.
local queue_prefix_length, retry_index, claims_retries = tonumber(ARGV[16]), ARGV[17], ARGV[18] == '1'

-- When the first retry of a queue is due, by its number: of those that are due, and of the others.
local due_now, due_later = {}, {}

local function queue_name(q) return string.sub(KEYS[1 + q], queue_prefix_length + 1) end
local function envelopes_of(q) return retry_index .. ':' .. queue_name(q) end

local clock
local function now()
  if not clock then
    local time = redis.call('TIME')
    clock = time[1] * 1000 + math.floor(time[2] / 1000)
  end
  return clock
end

-- Whether this process is registered, and whether there are retries: one command, in which the first key counts twice.
local function look_up(registration)
  if not claims_retries then return registration == '' or redis.call('EXISTS', registration) == 1, false end
  if registration == '' then return true, redis.call('EXISTS', retry_index) == 1 end
  local there = redis.call('EXISTS', registration, registration, retry_index)
  return there >= 2, there % 2 == 1
end

local function note(q, due)
  if due <= now() then due_now[q] = due else due_later[q] = due end
end

-- Finds which of the worker's queues have retries. Reads the shorter list: that of all such queues, or the worker's.
local function find_retries()
  local count = redis.pcall('ZCARD', retry_index)
  if is_error(count) then return end
  if count > 2 * queue_count then
    for q = 1, queue_count do
      local due = redis.call('ZSCORE', retry_index, queue_name(q))
      if due then note(q, tonumber(due)) end
    end
    return
  end
  local numbers = {}
  for q = 1, queue_count do numbers[queue_name(q)] = q end
  local found = redis.call('ZRANGE', retry_index, 0, -1, 'WITHSCORES')
  for at = 1, #found, 2 do
    local q = numbers[found[at]]
    if q then note(q, tonumber(found[at + 1])) end
  end
end

local function has_due_retries() return next(due_now) ~= nil end

-- Milliseconds until the next retry of the worker's queues is due that was not taken, or -1. Those of a paused queue do
-- not count: the tracking reports when it is resumed.
local function until_next_retry()
  local first
  if next(due_now) or next(due_later) then find_pauses() end
  for q in pairs(paused) do due_now[q], due_later[q] = nil, nil end
  for _, due in pairs(due_now) do first = math.min(first or due, due) end
  for _, due in pairs(due_later) do first = math.min(first or due, due) end
  return first and math.max(0, math.ceil(first - now())) or -1
end

-- The queue has no retry that is due: the first is at `due`, or there is none.
local function none_due(q, due)
  due_now[q], due_later[q] = nil, due
  if due then redis.call('ZADD', retry_index, due, queue_name(q)) else redis.call('ZREM', retry_index, queue_name(q)) end
end

-- Any other member of the set counts as a payload.
local function is_envelope(text)
  local _, state = string.find(text, '"retry":{', 1, true)
  return state and string.find(text, '"payload":', state, true) and string.sub(text, -1) == '}'
end

-- Returns a due envelope, and since when; or nil; and an error if the set cannot be read. A key of another type has no
-- retries. ZPOPMIN, since a command that only reads would be tracked.
local function pop_retry(q)
  if not due_now[q] then return nil end
  local popped = redis.pcall('ZPOPMIN', envelopes_of(q))
  if is_error(popped) then
    if not is_wrong_type(popped) then return nil, nil, popped end
    popped = {}
  end
  local envelope, due = popped[1], tonumber(popped[2])
  if envelope and due <= now() then return envelope, due end
  if envelope then redis.call('ZADD', envelopes_of(q), due, envelope) end
  none_due(q, due)
end

local function give_back_retry(q, envelope, due)
  redis.call('ZADD', envelopes_of(q), due, envelope)
  redis.call('ZADD', retry_index, due, queue_name(q))
  due_now[q] = due
end

-- Adds a retry. Returns an error if that fails; then nothing has changed.
local function add_retry(queue, due, envelope)
  local key = retry_index .. ':' .. queue
  local first = redis.pcall('ZADD', retry_index, 'XX', 'INCR', 0, queue)
  if is_error(first) then return first end
  local added = redis.pcall('ZADD', key, due, envelope)
  if not is_error(added) and (not first or due < tonumber(first)) then redis.call('ZADD', retry_index, due, queue) end
  return added
end
