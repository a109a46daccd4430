-- Reserves a worker id, unless any of its keys exists: two processes must never share an id, and a dead worker's id is
-- free only after it was pruned, so that its job was recovered.
--
-- KEYS  workers
-- ARGV  1 workers:heartbeat, 2 worker:W, 3 worker:W:started, 4 W, 5 start text, 6 heartbeat text
-- Returns 1 if the id was reserved, 0 if it is in use
local heartbeats, record, started, worker, start, heartbeat = unpack(ARGV, 1, 6)
if redis.call('SISMEMBER', KEYS[1], worker) == 1 or redis.call('HEXISTS', heartbeats, worker) == 1
  or redis.call('EXISTS', record) == 1 then
  return 0
end
redis.call('HSET', heartbeats, worker, heartbeat)
redis.call('SADD', KEYS[1], worker)
redis.call('SET', started, start)
return 1
