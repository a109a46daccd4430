-- Publishes the schedule of one application: the whole set at once, so that removed entries disappear. The latest
-- start wins: a process that started earlier changes nothing.
--
-- KEYS  tsworker:schedule, tsworker:schedules
-- ARGV  1 the application, 2 when it started (milliseconds), 3 the set; '': no schedule
-- Returns 1, or 0 if a process that started later has published
local state, sets = KEYS[1], KEYS[2]
local app, started, set = ARGV[1], ARGV[2], ARGV[3]

local known = redis.call('HGET', state, 'started:' .. app)
if known and (tonumber(known) or 0) > tonumber(started) then return 0 end
local old = redis.call('HGET', sets, app) or ''
-- An application that has no schedule and had none leaves no trace.
if old == '' and set == '' and not known then return 1 end

if old ~= set then redis.call('HINCRBY', state, 'revision', 1) end
redis.call('HSET', state, 'started:' .. app, started)
if set == '' then redis.call('HDEL', sets, app) elseif old ~= set then redis.call('HSET', sets, app, set) end
return 1
