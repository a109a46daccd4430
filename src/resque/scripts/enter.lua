-- Writes workers into every book, in one step: whoever takes one of them for dead at the same time takes it out of all,
-- and leaves no trace that nobody would look for again.
--
-- KEYS  workers
-- ARGV  1 workers:heartbeat, 2 heartbeat text, 3 start text, 4 worker:W:started of slot 0 where it is among them, or '';
--       then for each worker W, worker:W:started
-- Returns how many were not in the set of workers
local ids, beats = {}, {}
for i = 5, #ARGV, 2 do
  ids[#ids + 1] = ARGV[i]
  beats[#beats + 1] = ARGV[i]
  beats[#beats + 1] = ARGV[2]
end
-- The heartbeat first: an id that is only there expires and is pruned, one that never beat would stay for ever.
redis.call('HSET', ARGV[1], unpack(beats))
local added = redis.call('SADD', KEYS[1], unpack(ids))
if added > 0 then
  for i = 6, #ARGV, 2 do redis.call('SET', ARGV[i], ARGV[3]) end
end
-- The start of the first slot says that we are in: never to be without it for longer than a beat.
if ARGV[4] ~= '' then redis.call('SET', ARGV[4], ARGV[3], 'NX') end
return added
