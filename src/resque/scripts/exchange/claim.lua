-- Last part: what is done ends, what was taken is claimed, and the reply.

-- A claim record but for its token; and whether its payload is strict.
local between = {}
local function record_of(payload, q)
  if not between[q] then
    -- cjson escapes the slash, which need not be.
    local name = string.gsub(cjson.encode(string.sub(KEYS[1 + q], ARGV[12] + 1)), '\\/', '/')
    between[q] = '","queue":' .. name .. ARGV[5]
  end
  if is_strict(payload) then return between[q] .. '"payload":' .. payload .. '}', 1 end
  return between[q] .. shown(payload) .. '}', 0
end

-- Writes a record in place of one that may be there. SET has no GET before Redis 6.2.
local function replace(worker, record)
  local old = redis.pcall('SET', worker, record, 'GET')
  if type(old) ~= 'table' then return old end
  old = redis.pcall('GET', worker)
  if type(old) == 'table' then return old end
  local set = redis.pcall('SET', worker, record)
  return set.err and set or old
end

-- Whether the slot holds the new claim now; the record of its last job, where that is done; an error.
local function claim(at, is_done, record)
  if not is_done then
    local set = redis.pcall('SET', ARGV[at], record, 'NX')
    return set and not set.err, false, set and set.err and set or nil
  end
  local old = replace(ARGV[at], record)
  if type(old) == 'table' then return false, false, old end
  if not old or is_ours(old, at) then return true, old end
  redis.call('SET', ARGV[at], old)
  return false, old
end

-- What is done ends, and what was popped is claimed; of a slot that has both, one command takes the old record and writes
-- the new one.
local others, n, done, ended, claimed = #slots - idle, 1, 0, {}, {}
for i = 1, #slots do
  local at, is_done = slots[i], i <= finishes and ARGV[slots[i] + 3] == 'd'
  local old, forbidden
  if i > others and jobs[n] and not refused then
    local record, strict = record_of(jobs[n], from[n])
    local stands
    stands, old, forbidden = claim(at, is_done, '{"token":"' .. ARGV[4] .. ARGV[at + 1] .. record)
    if stands then
      reply[#reply + 1] = 2 * (from[n] - 1) + strict
      reply[#reply + 1] = jobs[n]
      claimed[i] = n
      n = n + 1
    elseif not forbidden or string.find(forbidden.err, '^WRONGTYPE') then
      -- Somebody else's record is there.
      forbidden = nil
      table.insert(reply[4], i - others - 1)
    end
  elseif is_done then
    old, forbidden = take(ARGV[at])
    if old and not is_ours(old, at) then redis.call('SET', ARGV[at], old) end
  end
  refused = refused or forbidden
  if is_done then
    ended[i] = old and is_ours(old, at) and old or nil
    settled[i] = ended[i] and '1' or '0'
    done = done + tonumber(settled[i])
  end
end
for left = #jobs, n, -1 do redis.call('LPUSH', KEYS[1 + from[left]], jobs[left]) end

local counted = done > 0 and redis.pcall('INCRBY', ARGV[8], done)
if type(counted) == 'table' then
  for i = finishes, 1, -1 do
    if ended[i] and claimed[i] then redis.call('LPUSH', KEYS[1 + from[claimed[i]]], jobs[claimed[i]]) end
    if ended[i] then redis.call('SET', ARGV[slots[i]], ended[i]) end
  end
  refused = counted
elseif done > 0 then
  for i in pairs(ended) do redis.pcall('INCR', ARGV[slots[i] + 4]) end
end
if refused then return redis.error_reply(refused.err) end
reply[3] = table.concat(settled)
if drained and n > #jobs then reply[2] = 1 end

-- Too little was found.
if reply[2] == 1 and not none_there then is_none_there() end
return reply
