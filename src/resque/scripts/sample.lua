-- Measures a namespace once a minute, whoever calls it how often: the first call of a minute adds an entry to the history,
-- all others change nothing. A figure whose key is of another type is `-`.
--
-- KEYS  tsworker:history, tsworker:history:hours, stat:processed, stat:failed, failed, queues
-- ARGV  prefix of the queues' lists; the maximum of queues whose lengths are added up; the maxima of entries of the two lists;
--       seconds until the lists expire
-- Returns the newest entry: seconds, processed, failed, waiting, length of the failed list, separated by blanks
local function ask(...)
  local reply = redis.pcall(...)
  if type(reply) == 'table' and reply.err then
    if string.find(reply.err, 'WRONGTYPE', 1, true) then return '-' end
    error(reply.err, 0)
  end
  return reply
end

local function counter(key)
  local text = ask('GET', key) or '0'
  return string.match(text, '^%d+$') and #text <= 20 and text or '-'
end

-- Many queues would take too long.
local function waiting()
  local queues = ask('SCARD', KEYS[6])
  if queues == '-' or queues > tonumber(ARGV[2]) then return '-' end
  local sum = 0
  for _, queue in ipairs(redis.call('SMEMBERS', KEYS[6])) do
    local length = ask('LLEN', ARGV[1] .. queue)
    if length ~= '-' then sum = sum + length end
  end
  return sum
end

-- The push comes after the trim: a user who may not trim must not let the list grow.
local function add(key, entry, most)
  redis.call('LTRIM', key, 0, most - 2)
  redis.call('EXPIRE', key, ARGV[5])
  redis.call('LPUSH', key, entry)
  redis.call('EXPIRE', key, ARGV[5])
end

local seconds = tonumber(redis.call('TIME')[1])
local newest = redis.call('LINDEX', KEYS[1], 0)
local newestHour = redis.call('LINDEX', KEYS[2], 0)

local function isOfThis(period, entry)
  local at = tonumber(string.match(entry or '', '^(%d+) ') or '')
  return at ~= nil and math.floor(at / period) == math.floor(seconds / period)
end

if isOfThis(60, newest) then return newest end
local figures = { counter(KEYS[3]), counter(KEYS[4]), waiting(), ask('LLEN', KEYS[5]) }
local entry = string.format('%d %s', seconds, table.concat(figures, ' '))
add(KEYS[1], entry, tonumber(ARGV[3]))
if not isOfThis(3600, newestHour) then add(KEYS[2], entry, tonumber(ARGV[4])) end
return entry
