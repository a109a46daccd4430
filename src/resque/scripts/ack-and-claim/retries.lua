-- Retries wait by queue, in a sorted set of envelopes scored by when they are due, in milliseconds of Redis' clock:
-- `{"queue":"…","retry":{…},"payload":…}`, from "retry" on the same as in a record. A sorted set of the queues contains
-- when the first of each is due, or an earlier time. These functions are created if any job waits.
local MOST_LISTED = 100

-- Returns a table of functions, after finding which of the declared queues have retries.
local function load_retries()
  -- When the first retry of a queue is due, by its number: of those that are due, and of the others.
  local due_now, due_later = {}, {}
  -- The first queues in the index that are not declared: their names, and when they are due.
  local others = {}

  local function note(q, due)
    if due <= now() then due_now[q] = due else due_later[q] = due end
  end

  local function find()
    local count = redis.pcall('ZCARD', retry_index)
    if is_error(count) then return end
    local numbers = {}
    for q = 1, queue_count do numbers[queue_name(q)] = q end
    local found = redis.call('ZRANGE', retry_index, 0, MOST_LISTED - 1, 'WITHSCORES')
    for at = 1, #found, 2 do
      local name, due = found[at], tonumber(found[at + 1])
      local q = numbers[name]
      if q then note(q, due) else others[#others + 1] = { name = name, due = due } end
    end
    for q = 1, count > MOST_LISTED and queue_count or 0 do
      local due = redis.call('ZSCORE', retry_index, queue_name(q))
      if due then note(q, tonumber(due)) end
    end
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
  local function pop(q)
    if not due_now[q] then return nil end
    local key = retry_index .. ':' .. queue_name(q)
    local popped = redis.pcall('ZPOPMIN', key)
    if is_error(popped) then
      if not is_wrong_type(popped) then return nil, nil, popped end
      popped = {}
    end
    local envelope, due = popped[1], tonumber(popped[2])
    if envelope and due <= now() then return envelope, due end
    if envelope then redis.call('ZADD', key, due, envelope) end
    none_due(q, due)
  end

  local function give_back(q, envelope, due)
    redis.call('ZADD', retry_index .. ':' .. queue_name(q), due, envelope)
    redis.call('ZADD', retry_index, due, queue_name(q))
    due_now[q] = due
  end

  -- Queues with retries, and in how many milliseconds they are due: those that were not declared, and are due or
  -- `with_later`; in this case also the declared ones that are not paused (the tracking reports when they are resumed).
  local function list(paused, with_later)
    local listed = {}
    local function add(name, due)
      listed[#listed + 1] = name
      listed[#listed + 1] = math.max(0, math.ceil(due - now()))
    end
    for i = 1, #others do
      if with_later or others[i].due <= now() then add(others[i].name, others[i].due) end
    end
    for q = 1, with_later and queue_count or 0 do
      local due = due_now[q] or due_later[q]
      if due and not paused[q] then add(queue_name(q), due) end
    end
    return listed
  end

  find()
  return {
    has_due = function() return next(due_now) ~= nil end,
    is_envelope = is_envelope,
    pop = pop,
    give_back = give_back,
    list = list,
  }
end
