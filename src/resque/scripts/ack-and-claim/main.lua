-- The program. The jobs that have failed, are requeued, or are to run again are acknowledged first.
local moved, moved_refusal = '', nil
if ARGV[FIRST_MOVED] then moved, moved_refusal = acknowledge_moved(FIRST_MOVED) end
if moved_refusal then return redis.error_reply(moved_refusal.err) end

-- The slots: of the jobs that are done, by the number of the finish, then the others.
local slots, done = {}, {}
for token, slot in string.gmatch(done_tokens, '([^,]*[^,%d](%d+))') do
  done[#done + 1] = token
  slots[#slots + 1] = slot
end
for slot in string.gmatch(other_slots, '%d+') do slots[#slots + 1] = slot end
local done_count = #done

-- Whether this process is registered, and whether there are retries: one command, in which the first key counts twice.
local registered, has_retries = true, false
if registration ~= '' and retry_index ~= '' then
  local there = redis.call('EXISTS', registration, registration, retry_index)
  registered, has_retries = there >= 2, there % 2 == 1
elseif registration ~= '' then
  registered = redis.call('EXISTS', registration) == 1
elseif retry_index ~= '' then
  has_retries = redis.call('EXISTS', retry_index) == 1
end

-- Whether all workers are paused, and which queues are. Reading the keys also tracks them. A queue is paused while its key
-- is a string with any value; it may expire. Jobs have already been acknowledged: if the ACL forbids the read, nothing
-- counts as paused.
local all_paused = false
local pauses = redis.pcall('MGET', KEYS[1], unpack(KEYS, 2 + queue_count, 1 + 2 * queue_count))
if not is_error(pauses) then
  local all = pauses[1]
  all_paused = all and #all <= 100 and string.lower(string.match(all, '^%s*(.-)%s*$')) == 'true'
  for q = 1, queue_count do
    if pauses[1 + q] then paused[q] = true end
  end
end
local state = all_paused and 1 or not registered and 2 or 0
if state > 0 then idle_count = 0 end

-- Draws jobs for the idle slots.
local as_text
is_strict, as_text = function(text)
  is_strict, as_text = load_json()
  return is_strict(text)
end, nil
local all_empty, watched = false, false
if idle_count > 0 then
  if has_retries then retries = load_retries() end
  if queue_count > FEW_QUEUES then
    local open = {}
    for q = 1, queue_count do
      if not paused[q] then open[#open + 1] = q end
    end
    watched = watch(open) == 0 and not (retries and retries.has_due())
  end
  if watched then
    all_empty = true
    for q = 1, queue_count do empty[q] = true end
  elseif position == '' then
    all_empty = draw_in_order(idle_count)
  else
    all_empty = draw_by_weight(idle_count)
  end
end

-- Puts a drawn job back to where it was.
local function give_back(n)
  if due_since[n] then return retries.give_back(queue_of[n], payloads[n], due_since[n]) end
  push_back(queue_of[n], payloads[n])
end

-- The parts of a claim record before the slot, and between the slot and the payload or the retry, by queue.
local record_head, before_payload = '{"token":"' .. token_base, {}
local function record_of(n, slot)
  local q, payload = queue_of[n], payloads[n]
  local middle = before_payload[q]
  if not middle then
    -- cjson escapes the slash, which need not be.
    middle = '","queue":' .. string.gsub(cjson.encode(queue_name(q)), '\\/', '/') .. run_at
    before_payload[q] = middle
  end
  if due_since[n] then return record_head .. slot .. middle .. state_in(payload) end
  if strict[n] then return record_head .. slot .. middle .. '"payload":' .. payload .. '}' end
  if not as_text then is_strict, as_text = load_json() end
  return record_head .. slot .. middle .. as_text(payload) .. '}'
end

-- Ends the jobs that are done, and claims the drawn jobs; for a slot with both, one command takes the old record and
-- writes the new one.
local reply = { state, 0, '', {}, large, {}, {} }
local settled, ended, claimed_in = {}, {}, {}
local ended_count, n, code = 0, 1, nil
local first_idle = #slots - idle_count + 1
for i = 1, #slots do
  local slot, token = slots[i], done[i]
  local key = record_prefix .. slot .. worker_suffix
  -- The record of the job that ended; whether the drawn job is claimed; an error.
  local old, stands, refusal = nil, false, nil
  if i >= first_idle and n <= drawn_count and not refused then
    local record = record_of(n, slot)
    if token then
      old = replace(key, record)
      if is_error(old) then
        old, refusal = nil, old
      elseif old and not has_token(old, token) then
        redis.call('SET', key, old)
        old = nil
      else
        stands = true
      end
    else
      local set = redis.pcall('SET', key, record, 'NX')
      if is_error(set) then refusal = set else stands = set and true or false end
    end
    if stands then
      local q = queue_of[n] - 1
      local next_code = due_since[n] and -1 - q or 2 * q + (strict[n] and 1 or 0)
      if next_code ~= code then
        code = next_code
        reply[#reply + 1] = code
      end
      reply[#reply + 1] = payloads[n]
      claimed_in[i] = n
      n = n + 1
    elseif not refusal or is_wrong_type(refusal) then
      -- Another program's record occupies the slot.
      refusal = nil
      table.insert(reply[4], i - first_idle)
    end
  elseif token then
    local record
    record, refusal = take(key)
    if has_token(record, token) then old = record elseif record then redis.call('SET', key, record) end
  end
  refused = refused or refusal
  if token then
    settled[i] = old and '1' or '0'
    if old then
      ended[i] = old
      ended_count = ended_count + 1
    end
  end
end
for left = drawn_count, n, -1 do give_back(left) end

-- Counts the jobs that are done. If the ACL forbids it, none has ended; a counter that is not a number, or at its maximum,
-- does not prevent jobs from ending.
if ended_count > 0 then
  local counted = redis.pcall('INCRBY', processed_total, ended_count)
  if is_error(counted) and not is_no_counter(counted) then
    for i = done_count, 1, -1 do
      if ended[i] and claimed_in[i] then give_back(claimed_in[i]) end
      if ended[i] then redis.call('SET', record_prefix .. slots[i] .. worker_suffix, ended[i]) end
    end
    refused = counted
  else
    for i = 1, done_count do
      if ended[i] then redis.pcall('INCR', processed_prefix .. slots[i] .. worker_suffix) end
    end
  end
end
if refused then return redis.error_reply(refused.err) end
reply[3] = table.concat(settled) .. moved

-- Only the locks of jobs that ended now: a job that somebody else has recovered keeps its lock.
for at = FIRST_LOCK, FIRST_MOVED - 1, 4 do
  if string.byte(reply[3], tonumber(ARGV[at])) == 49 then settle_lock(ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]) end
end

-- What is empty is tracked: Redis reports the next push to it, or the end of the pause.
local drained = all_empty and n > drawn_count
if drained or tells_empty then
  local found = {}
  for q = 1, queue_count do
    if empty[q] and not paused[q] then found[#found + 1] = q end
    if tells_empty and (empty[q] or paused[q]) then table.insert(reply[7], paused[q] and -q or q - 1) end
  end
  if not watched and #found > 0 then watch(found) end
end
if drained then reply[2] = 1 end
if retries then reply[6] = retries.list(paused, drained or tells_empty) end
return reply
