-- Takes a worker id, unless a trace of it is there: two processes must never share one, and a dead worker's id is free
-- only when somebody has pruned it, and so recovered its job.
--
-- KEYS  workers
-- ARGV  workers:heartbeat, worker:W, worker:W:started, W, start text, heartbeat text
-- Returns 1 when the id is ours now, 0 when it is taken
local heartbeats, record, started, worker = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if redis.call('SISMEMBER', KEYS[1], worker) == 1 or redis.call('HEXISTS', heartbeats, worker) == 1
  or redis.call('EXISTS', record) == 1 then
  return 0
end
redis.call('HSET', heartbeats, worker, ARGV[6])
redis.call('SADD', KEYS[1], worker)
redis.call('SET', started, ARGV[5])
return 1
