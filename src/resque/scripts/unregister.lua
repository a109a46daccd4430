-- Removes the workers of a range of slots from the registry. One whose record still has a job (its finish could not be
-- reported) stays registered, so that its heartbeat expires and the job is recovered when it is pruned.
--
-- KEYS  workers
-- ARGV  1 workers:heartbeat, 2 pruning_dead_workers_in_progress, 3 prefix of the worker keys (`worker:`), 4 prefix of
--       stat:processed:W, 5 prefix of stat:failed:W, 6 and 7 the parts of a worker id before and after the slot number,
--       8 first slot, 9 number of slots
-- Returns the number of workers that still hold a job
local heartbeats, lock, key_prefix, processed, failed, id_prefix, id_suffix = unpack(ARGV, 1, 7)
local first, count = tonumber(ARGV[8]), tonumber(ARGV[9])

-- Checks for a key of another type before anything is written.
redis.call('HEXISTS', heartbeats, '')
redis.call('SISMEMBER', KEYS[1], '')

-- Resque lets this lock expire. It is released here if this process holds it, so that others can prune at once.
if redis.pcall('GET', lock) == id_prefix .. 0 .. id_suffix then redis.call('DEL', lock) end

local kept = 0
for slot = first, first + count - 1 do
  local id = id_prefix .. slot .. id_suffix
  local record = key_prefix .. id
  if redis.call('EXISTS', record) == 1 then
    kept = kept + 1
  else
    redis.call('SREM', KEYS[1], id)
    redis.call('HDEL', heartbeats, id)
    redis.call('DEL', record .. ':started', processed .. id, failed .. id)
  end
end
return kept
