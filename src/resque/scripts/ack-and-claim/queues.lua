-- Functions: take jobs from the queues, in their order or by weight.

-- Payloads with more bytes are checked by the caller instead of here, since other clients of Redis wait meanwhile.
local LARGE = 32 * 1024
-- The same for payloads that are not JSON, which take longer, and are rare.
local LARGE_GARBAGE = LARGE / 4
-- Limit for the bytes that are checked in one call, beyond the first job, and for those shown to the caller.
local MOST_BYTES, MOST_SHOWN = 96 * 1024, 512 * 1024
-- Jobs in one LPOP: more gain little, and those that are too many go back.
local MOST_IN_ONE_POP = 8

-- To the head, or to the tail if the ACL forbids that: a job that was popped must not be lost.
local function push_back(q, payload)
  if is_error(redis.pcall('LPUSH', KEYS[1 + q], payload)) then redis.call('RPUSH', KEYS[1 + q], payload) end
end

-- Puts a drawn job back to where it was.
local function give_back(drawn, n)
  if drawn.due[n] then return give_back_retry(drawn.queues[n], drawn.payloads[n], drawn.due[n]) end
  push_back(drawn.queues[n], drawn.payloads[n])
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
  local payloads = {}
  for n = 1, count do
    local popped = redis.pcall('LPOP', list)
    if is_error(popped) then
      if is_wrong_type(popped) then return {} end
      return nil, popped
    end
    if not popped then break end
    payloads[n] = popped
  end
  return payloads
end

-- A large job, popped as number `first`, and those behind it, as far as slots and bytes allow: for the caller to check.
-- They stay in their queue.
local function show_large(q, popped, first, count)
  local large, bytes = { q - 1 }, 0
  for n = first, first + count - 1 do
    popped[n] = popped[n] or (pop(q, 1) or {})[1]
    bytes = bytes + #(popped[n] or '')
    if not popped[n] or n > first and bytes > MOST_SHOWN then break end
    large[#large + 1] = popped[n]
  end
  return large
end

-- Takes the jobs popped from queue `q`, for `count` slots, until the call has enough; the rest goes back. The drawn
-- jobs are a table with the lists `payloads`, `queues`, `strict` and `due` (false for a job that is not a retry), with
-- `large` as main.lua returns it, `bytes`, and `stopped`: the call is full.
local function accept(drawn, q, popped, count)
  for n = 1, #popped do
    local payload = popped[n]
    local strict = #payload <= LARGE and is_strict(payload)
    local is_large = #payload > LARGE or not strict and #payload > LARGE_GARBAGE
    local weighs = strict and #payload or 4 * #payload
    if is_large or drawn.bytes > 0 and drawn.bytes + weighs > MOST_BYTES then
      drawn.stopped = true
      drawn.large = is_large and show_large(q, popped, n, count - n + 1)
      for left = #popped, n, -1 do push_back(q, popped[left]) end
      return
    end
    local at = #drawn.payloads + 1
    drawn.payloads[at], drawn.queues[at], drawn.strict[at], drawn.due[at] = payload, q, strict, false
    drawn.bytes = drawn.bytes + weighs
  end
end

-- Takes the due retries of a queue, before the jobs at its head. Their payloads have already been checked. Returns how
-- many.
local function draw_retries(drawn, q, count)
  local first = #drawn.payloads
  while #drawn.payloads - first < count and not drawn.stopped do
    local envelope, due, refusal = pop_retry(q)
    if refusal then drawn.refusal, drawn.stopped = refusal, true end
    if not envelope then break end
    if not is_envelope(envelope) then
      accept(drawn, q, { envelope }, 1)
    elseif drawn.bytes > 0 and drawn.bytes + #envelope > MOST_BYTES then
      give_back_retry(q, envelope, due)
      drawn.stopped = true
    else
      local at = #drawn.payloads + 1
      drawn.payloads[at], drawn.queues[at], drawn.strict[at], drawn.due[at] = envelope, q, true, due
      drawn.bytes = drawn.bytes + #envelope
    end
  end
  return #drawn.payloads - first
end

-- Takes at most `count` jobs of a queue, and returns whether it may have more; a paused one counts as empty. Pops the
-- first by itself, which shows how large the jobs are.
local function draw_from(drawn, q, count)
  if is_queue_paused(q) then return false end
  count = count - draw_retries(drawn, q, count)
  local wanted = 1
  while count > 0 and not drawn.stopped do
    local popped, refusal = pop(q, wanted)
    if refusal then
      drawn.refusal, drawn.stopped = refusal, true
      return true
    end
    accept(drawn, q, popped, count)
    if #popped < wanted and not drawn.stopped then return false end
    count = count - wanted
    wanted = math.min(count, MOST_IN_ONE_POP)
  end
  return true
end

-- Whether no queue exists. Reading the keys also tracks them: Redis notifies this connection of the next push to any.
-- The check and the tracking are one step, so no push can come in between. Queues known to be paused are left out.
local function is_none_there()
  local lists, first = KEYS, 2
  if next(paused) then
    lists, first = {}, 1
    for q = 1, queue_count do
      if not paused[q] then lists[#lists + 1] = KEYS[1 + q] end
    end
  end
  local there, last = 0, first == 1 and #lists or 1 + queue_count
  for at = first, last, 1000 do
    there = there + redis.call('EXISTS', unpack(lists, at, math.min(at + 999, last)))
  end
  return there == 0
end

local function watch_queues(drawn)
  if not drawn.watched then is_none_there() end
end

-- With many queues most are empty, and idle workers call all the time: after the first empty one all are read together.
local FEW_QUEUES = 8
local function are_all_empty(drawn)
  if not drawn.asked and queue_count > FEW_QUEUES then drawn.watched = is_none_there() end
  drawn.asked = true
  return drawn.watched and not has_due_retries()
end

-- Both return whether every queue was empty.
local function draw_in_order(drawn, wanted)
  for q = 1, queue_count do
    if draw_from(drawn, q, wanted - #drawn.payloads) then return false end
    if are_all_empty(drawn) then return true end
  end
  return true
end

-- The shares of the queues in sequence, without empty queues: their numbers, and the end of each share.
local function share_out(queues, weights, empty)
  local open, ends, total = {}, {}, 0
  for i = 1, #queues do
    local q = queues[i]
    if not empty[q] then
      total = total + weights[q]
      open[#open + 1], ends[#ends + 1] = q, total
    end
  end
  return open, ends
end

-- The queue whose share contains a position in [0, 1).
local function queue_at(position, open, ends)
  local at, low, high = position * ends[#ends], 1, #ends
  while low < high do
    local middle = math.floor((low + high) / 2)
    if at < ends[middle] then high = middle else low = middle + 1 end
  end
  return open[low]
end

local function numbers_in(text)
  local numbers = {}
  for number in string.gmatch(text, '[^,]+') do numbers[#numbers + 1] = tonumber(number) end
  return numbers
end

-- Chooses a queue by its share for each job. Steps of the golden ratio are distributed evenly over the shares; random
-- numbers would need thousands of jobs for that. Shares of empty queues are skipped, until they are half of all.
local GOLDEN = 0.6180339887498949
local function draw_by_weight(drawn, wanted, position, weights)
  local queues = {}
  for q = 1, #weights do queues[q] = q end
  local empty, left, skipped = {}, #queues, 0
  if find_pauses() then
    for q in pairs(paused) do empty[q], left = true, left - 1 end
  end
  if left == 0 then return true end
  local open, ends = share_out(queues, weights, empty)
  while #drawn.payloads < wanted and not drawn.stopped do
    local shares, chosen = {}, {}
    for _ = 1, wanted - #drawn.payloads do
      position = (position + GOLDEN) % 1
      local q = queue_at(position, open, ends)
      if not shares[q] and not empty[q] then chosen[#chosen + 1] = q end
      shares[q] = (shares[q] or 0) + 1
    end
    for i = 1, #chosen do
      local q = chosen[i]
      if not draw_from(drawn, q, shares[q]) then
        empty[q], left, skipped = true, left - 1, skipped + weights[q]
      end
    end
    if left == 0 or left < #queues and are_all_empty(drawn) then return true end
    if 2 * skipped >= ends[#ends] then
      open, ends = share_out(open, weights, empty)
      skipped = 0
    end
  end
  return false
end

-- Draws jobs for so many slots. In the result, `all_empty` is whether every queue was empty, `refusal` the error of a
-- queue that cannot be read. `position`: nil in strict order.
local function draw(wanted, position, weights)
  local drawn = { payloads = {}, queues = {}, strict = {}, due = {}, bytes = 0 }
  if wanted == 0 then return drawn end
  if position then
    drawn.all_empty = draw_by_weight(drawn, wanted, position, numbers_in(weights))
  else
    drawn.all_empty = draw_in_order(drawn, wanted)
  end
  return drawn
end
