-- Registers the workers of a range of slots, or renews their heartbeats, in one step: if another process prunes one of
-- them at the same time, it removes it completely, without leaving keys behind.
--
-- KEYS  workers
-- ARGV  1 workers:heartbeat, 2 heartbeat text, 3 start text, 4 prefix of the worker keys (`worker:`), 5 and 6 the parts
--       of a worker id before and after the slot number, 7 first slot, 8 number of slots
-- Returns how many were not in the set of workers
local heartbeats, heartbeat, start, key_prefix, id_prefix, id_suffix = unpack(ARGV, 1, 6)
local first, count = tonumber(ARGV[7]), tonumber(ARGV[8])

-- Checks for a key of another type before anything is written.
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

-- The heartbeat first: an id with only a heartbeat is pruned when that expires; one without would stay permanently.
redis.call('HSET', heartbeats, unpack(beats))
local added = redis.call('SADD', KEYS[1], unpack(ids))
if added > 0 then
  for _, id in ipairs(ids) do redis.call('SET', started(id), start) end
end
-- The start key of the first slot shows that the process is registered: each beat writes it again.
if first == 0 then redis.call('SET', started(ids[1]), start, 'NX') end
return added
