-- Takes a dead worker out of every book and disposes of its job, in one step, if nothing has changed since it was judged:
-- only one of many pruners does it, and a worker that came back to life is left alone.
--
-- KEYS  workers
-- ARGV  1 W, 2 workers:heartbeat, 3 the heartbeat that was judged ('' for none), 4 worker:W, 5 the record that was
--       judged ('' for none), 6 worker:W:started, 7 stat:processed:W, 8 stat:failed:W; then nothing, or
--       'f', failed, stat:failed, entry  |  'r', queues, queue name, queue list, payload
-- Returns 1 when the worker was pruned, 0 when it was not
local worker, heartbeats, record = ARGV[1], ARGV[2], ARGV[4]
if (redis.call('HGET', heartbeats, worker) or '') ~= ARGV[3] or (redis.call('GET', record) or '') ~= ARGV[5] then
  return 0
end
if ARGV[9] == 'f' then
  redis.call('RPUSH', ARGV[10], ARGV[12])
  redis.call('INCR', ARGV[11])
elseif ARGV[9] == 'r' then
  redis.call('SADD', ARGV[10], ARGV[11])
  redis.call('LPUSH', ARGV[12], ARGV[13])
end
redis.call('HDEL', heartbeats, worker)
redis.call('SREM', KEYS[1], worker)
redis.call('DEL', record, ARGV[6], ARGV[7], ARGV[8])
return 1
