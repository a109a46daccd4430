-- Functions: take jobs from the queues, in their order or by weight.

-- Payloads with more bytes are checked by the caller instead of here, since other clients of Redis wait meanwhile.
local LARGE = 32 * 1024
-- The same for payloads that are not JSON, which take longer, and are rare.
local LARGE_GARBAGE = LARGE / 4
-- Limit for the bytes that are checked in one call, beyond the first job, and for those shown to the caller.
local MOST_BYTES, MOST_SHOWN = 96 * 1024, 512 * 1024
-- Jobs in one LPOP: more gain little, and those that are too many go back.
local MOST_IN_ONE_POP = 8
-- With more queues most are empty, and idle workers call all the time: one command tells how many there are.
local FEW_QUEUES = 8

-- The jobs that were drawn: payload or envelope, number of the queue, whether it is strict, and since when a retry is due.
local payloads, queue_of, strict, due_since = {}, {}, {}, {}
local drawn_count, drawn_bytes = 0, 0
-- The call is full; large jobs as they are returned; the error of a queue that cannot be read.
local stopped, large, refused = false, false, nil
-- By number of the queue: found empty.
local empty = {}

-- These are set by main.lua. The retries: nil if there are none.
local paused, retries, is_strict = {}, nil, nil

-- To the head, or to the tail if the ACL forbids that: a job that was popped must not be lost.
local function push_back(q, payload)
  empty[q] = nil
  if is_error(redis.pcall('LPUSH', KEYS[1 + q], payload)) then redis.call('RPUSH', KEYS[1 + q], payload) end
end

-- Pops at most `count` jobs of a queue: a list of payloads; or nil and an error if it cannot be read. A key that is not
-- a list counts as empty; a queue that cannot be read for another reason (a read-only replica) does not.
local pops_many = true
local function pop(q, count)
  local list = KEYS[1 + q]
  if pops_many and count > 1 then
    local popped = redis.pcall('LPOP', list, count)
    if not is_error(popped) then return popped or {} end
    if is_wrong_type(popped) then return {} end
    -- LPOP has no count before Redis 6.2.
    pops_many = false
  end
  local popped = {}
  for n = 1, count do
    local payload = redis.pcall('LPOP', list)
    if is_error(payload) then
      if is_wrong_type(payload) then return {} end
      return nil, payload
    end
    if not payload then break end
    popped[n] = payload
  end
  return popped
end

local function add(payload, q, is_strict_json, due)
  drawn_count = drawn_count + 1
  payloads[drawn_count], queue_of[drawn_count] = payload, q
  strict[drawn_count], due_since[drawn_count] = is_strict_json, due
  drawn_bytes = drawn_bytes + (is_strict_json and #payload or 4 * #payload)
end

-- For jobs that are not all short: as far as the call's limit for bytes allows; the rest goes back. A large job, and
-- those behind it, stay in their queue, and are shown to the caller as far as slots and bytes allow.
local function accept_long(q, popped, count)
  local function show_large(first)
    local shown, bytes = { q - 1 }, 0
    for n = first, count do
      popped[n] = popped[n] or (pop(q, 1) or {})[1]
      bytes = bytes + #(popped[n] or '')
      if not popped[n] or n > first and bytes > MOST_SHOWN then break end
      shown[#shown + 1] = popped[n]
    end
    return shown
  end

  for n = 1, #popped do
    local payload = popped[n]
    local is_strict_json = #payload <= LARGE and is_strict(payload)
    local is_large = #payload > LARGE or not is_strict_json and #payload > LARGE_GARBAGE
    local weighs = is_strict_json and #payload or 4 * #payload
    if is_large or drawn_bytes > 0 and drawn_bytes + weighs > MOST_BYTES then
      stopped = true
      large = is_large and show_large(n)
      for left = #popped, n, -1 do push_back(q, popped[left]) end
      return
    end
    add(payload, q, is_strict_json)
  end
end

-- Takes the jobs popped from a queue, for `count` slots.
local function accept(q, popped, count)
  local bytes, longest = drawn_bytes, 0
  for n = 1, #popped do
    bytes, longest = bytes + 4 * #popped[n], math.max(longest, #popped[n])
  end
  if longest > LONG or bytes > MOST_BYTES then return accept_long(q, popped, count) end
  local jobs = decode_strictly(popped)
  for n = 1, #popped do
    local payload = popped[n]
    add(payload, q, jobs ~= nil and is_plain(payload, jobs[n]) or is_strict(payload))
  end
end

-- Takes the due retries of a queue, before the jobs at its head. Their payloads have already been checked.
local function draw_retries(q, count)
  local most = drawn_count + count
  while drawn_count < most and not stopped do
    local envelope, due, refusal = retries.pop(q)
    if refusal then refused, stopped = refusal, true end
    if not envelope then return end
    if not retries.is_envelope(envelope) then
      accept_long(q, { envelope }, 1)
    elseif drawn_bytes > 0 and drawn_bytes + #envelope > MOST_BYTES then
      retries.give_back(q, envelope, due)
      stopped = true
    else
      add(envelope, q, true, due)
    end
  end
end

-- Takes at most `count` jobs of a queue, and returns whether it may have more; a paused one counts as empty. Pops the
-- first by itself, which shows how large the jobs are.
local function draw_from(q, count)
  if paused[q] then return false end
  if retries then
    local before = drawn_count
    draw_retries(q, count)
    count = count - (drawn_count - before)
  end
  local wanted = 1
  while count > 0 and not stopped do
    local popped, refusal = pop(q, wanted)
    if refusal then
      refused, stopped = refusal, true
      return true
    end
    if #popped < wanted then empty[q] = true end
    if #popped > 0 then accept(q, popped, count) end
    if empty[q] then return false end
    count = count - wanted
    wanted = math.min(count, MOST_IN_ONE_POP)
  end
  return true
end

-- Reads the lists of these queues, and returns how many exist. Redis notifies this connection of the next push to any. Reading and claiming are one step, so no push can come in between.
local function watch(numbers)
  local there, keys = 0, {}
  for i = 1, #numbers do
    keys[#keys + 1] = KEYS[1 + numbers[i]]
    if #keys == 1000 or i == #numbers then
      there = there + redis.call('EXISTS', unpack(keys))
      keys = {}
    end
  end
  return there
end

-- Both return whether every queue was empty.
local function draw_in_order(wanted)
  for q = 1, queue_count do
    if draw_from(q, wanted - drawn_count) then return false end
  end
  return true
end

-- Chooses a queue by its share for each job. Steps of the golden ratio are distributed evenly over the shares; random
-- numbers would need thousands of jobs for that. Shares of empty queues are skipped, until they are half of all.
local function draw_by_weight(wanted)
  local GOLDEN = 0.6180339887498949
  local at, weight_of, open = tonumber(position), {}, {}
  for weight in string.gmatch(weights, '[^,]+') do weight_of[#weight_of + 1] = tonumber(weight) end

  -- The open queues in sequence: the end of the share of each.
  local function share_out(is_closed)
    local ends, total, before = {}, 0, open
    open = {}
    for i = 1, #before do
      local q = before[i]
      if not is_closed[q] then
        total = total + weight_of[q]
        open[#open + 1], ends[#ends + 1] = q, total
      end
    end
    return ends
  end

  -- The queue whose share contains the position.
  local function chosen_from(ends)
    local point, low, high = at * ends[#ends], 1, #ends
    while low < high do
      local middle = math.floor((low + high) / 2)
      if point < ends[middle] then high = middle else low = middle + 1 end
    end
    return open[low]
  end

  local closed, left, skipped = {}, 0, 0
  for q = 1, queue_count do
    open[q] = q
    closed[q] = paused[q]
    if not paused[q] then left = left + 1 end
  end
  if left == 0 then return true end
  local ends = share_out(closed)
  while drawn_count < wanted and not stopped do
    local shares, chosen = {}, {}
    for _ = 1, wanted - drawn_count do
      at = (at + GOLDEN) % 1
      local q = chosen_from(ends)
      if not shares[q] and not closed[q] then chosen[#chosen + 1] = q end
      shares[q] = (shares[q] or 0) + 1
    end
    for i = 1, #chosen do
      local q = chosen[i]
      if not draw_from(q, shares[q]) then
        closed[q], left, skipped = true, left - 1, skipped + weight_of[q]
      end
    end
    if left == 0 then return true end
    if 2 * skipped >= ends[#ends] then
      ends = share_out(closed)
      skipped = 0
    end
  end
  return false
end
