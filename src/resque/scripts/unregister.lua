-- Takes worker ids out of every book. One that still holds a job (its finish could not be delivered) stays registered,
-- so that its heartbeat expires and whoever prunes it recovers the job.
--
-- KEYS  workers
-- ARGV  workers:heartbeat, pruning_dead_workers_in_progress, W of slot 0; then for each worker W, worker:W, worker:W:started, stat:processed:W, stat:failed:W
-- Returns the number of workers that still hold a job
local kept = 0
-- Resque lets this lock expire; ours would keep nobody from pruning, and is the last thing we leave behind.
if redis.call('GET', ARGV[2]) == ARGV[3] then redis.call('DEL', ARGV[2]) end
for i = 4, #ARGV, 5 do
  local worker, record = ARGV[i], ARGV[i + 1]
  if redis.call('EXISTS', record) == 1 then
    kept = kept + 1
  else
    redis.call('SREM', KEYS[1], worker)
    redis.call('HDEL', ARGV[1], worker)
    redis.call('DEL', ARGV[i + 2], ARGV[i + 3], ARGV[i + 4])
  end
end
return kept
