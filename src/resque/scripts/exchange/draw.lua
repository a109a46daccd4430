-- Fourth part: takes jobs from the queues, in their order or by weight.

-- The jobs that were popped, in order; of each its queue.
local jobs, from = {}, {}

-- Pops at most `count` jobs of a queue; an error where it cannot be read. LPOP takes no count before Redis 6.2.
local at_once = true
local function pop(q, count)
  if at_once and count > 1 then
    local popped = redis.pcall('LPOP', KEYS[1 + q], count) or {}
    at_once = not popped.err or string.find(popped.err, '^WRONGTYPE')
    if at_once then return popped end
  end
  local popped = redis.pcall('LPOP', KEYS[1 + q])
  return type(popped) == 'string' and { popped } or popped or {}
end

-- Takes jobs of a queue for idle slots, and tells whether there may be more in it. A key that is not a list counts as
-- empty; a queue that cannot be read for another reason (a read-only replica) must not.
local function draw(q, count)
  local popped = pop(q, count)
  if popped.err and not string.find(popped.err, '^WRONGTYPE') then refused = popped end
  for n = 1, #popped do
    jobs[#jobs + 1], from[#from + 1] = popped[n], q
  end
  return #popped > 0
end

local function wants_more() return #jobs < idle and not refused end

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
for weight in string.gmatch(ARGV[11], '[^,]+') do
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
if idle > 0 then
  drained = (position and draw_by_weight or draw_in_order)()
end
