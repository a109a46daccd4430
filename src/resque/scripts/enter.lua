-- Registers the workers of a range of slots, or renews their heartbeats, in one step: whoever takes one of them for dead at
-- the same time removes it completely, and leaves no trace that nobody would look for again.
--
-- KEYS  workers
-- ARGV  1 workers:heartbeat, 2 heartbeat text, 3 start text, 4 prefix of the worker keys (`worker:`), 5 and 6 what stands
--       before and behind the slot number in a worker id, 7 first slot, 8 number of slots
-- Returns how many were not in the set of workers
local heartbeats, heartbeat, start, key_prefix, id_prefix, id_suffix = unpack(ARGV, 1, 6)
local first, count = tonumber(ARGV[7]), tonumber(ARGV[8])

-- A key of another type is found out before anything is written.
redis.call('HEXISTS', heartbeats, '')
redis.call('SISMEMBER', KEYS[1], '')

local ids, beats = {}, {}
for slot = first, first + count - 1 do
  local id = id_prefix .. slot .. id_suffix
  ids[#ids + 1] = id
  beats[#beats + 1] = id
  beats[#beats + 1] = heartbeat
end
local function started(id) return key_prefix .. id .. ':started' end

-- The heartbeat first: an id that is only there expires and is pruned, one that never beat would stay for ever.
redis.call('HSET', heartbeats, unpack(beats))
local added = redis.call('SADD', KEYS[1], unpack(ids))
if added > 0 then
  for _, id in ipairs(ids) do redis.call('SET', started(id), start) end
end
-- The start of the first slot says that we are registered: never to be without it for longer than a beat.
if first == 0 then redis.call('SET', started(ids[1]), start, 'NX') end
return added
