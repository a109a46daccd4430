-- Takes a dead worker out of every book and disposes of its job, in one step, if nothing has changed since it was judged:
-- only one of many does it, and a worker that came back to life is left alone.
--
-- A job that is put back becomes a suspect: the death is counted in the same step, once for each process, whatever
-- number of its jobs had this payload. The third death within 72 hours convicts it, if it ran alone then: what merely
-- ran beside a culprit never ends in `failed`.
--
-- KEYS  workers
-- ARGV  1 W, 2 workers:heartbeat, 3 the heartbeat that was judged ('' for none, '*' for any: the death was seen),
--       4 worker:W, 5 the record that was judged ('' for none), 6 worker:W:started, 7 stat:processed:W, 8 stat:failed:W;
--       then, with a job, 9 'f' (fail) or 'r' (put back, unless this convicts it), 10 failed, 11 stat:failed, 12 head of
--       the failed entry, 13 the payload as the record shows it, 14 tail of the entry,
--       15 tsworker:suspects, or '' for the job of a foreign worker;
--       for 'r' 16 queues, 17 queue name, 18 queue list, 19 the payload's bytes, 20 the nonce of the process, 21 '1' to
--       count the death, 22 '1' where the job ran alone, 23 tsworker:solo, 24 the name of the process, 25 what follows in
--       the entry after the names of those that died
-- A field of tsworker:suspects is the SHA-1 of a payload; its value a list of `seconds/nonce@name`, blank between them. A
-- name needs no escape in JSON.
-- Returns 0 when nothing was done, 1 when the worker had no job, 2 when that was put back, 3 failed, 4 convicted
local worker, heartbeats, record, suspects = ARGV[1], ARGV[2], ARGV[4], ARGV[15]
if ARGV[3] ~= '*' and (redis.call('HGET', heartbeats, worker) or '') ~= ARGV[3] then return 0 end
if (redis.call('GET', record) or '') ~= ARGV[5] then return 0 end

local MOST = 3
local deaths, names, counted = {}, {}, false
if ARGV[9] == 'r' and ARGV[21] == '1' then
  local now = redis.call('TIME')[1]
  for at, nonce, name in string.gmatch(redis.call('HGET', suspects, redis.sha1hex(ARGV[13])) or '', '(%d+)/([^%s@]+)@?(%S*)') do
    if now - at < 72 * 3600 then
      deaths[#deaths + 1] = at .. '/' .. nonce .. '@' .. name
      if name ~= '' then names[#names + 1] = name end
      counted = counted or nonce == ARGV[20]
    end
  end
  -- What did not run alone may be innocent, so one is kept open for the time when it does.
  if not counted and (#deaths < MOST - 1 or ARGV[22] == '1') then
    deaths[#deaths + 1] = now .. '/' .. ARGV[20] .. '@' .. ARGV[24]
    names[#names + 1] = ARGV[24]
  end
end

-- First to where the job goes: a write that is refused then leaves everything as it was.
local fate = 1
if ARGV[9] == 'f' or #deaths >= MOST then
  local tail = ARGV[9] == 'f' and ARGV[14] or ARGV[14] .. table.concat(names, ', ') .. ARGV[25]
  redis.call('RPUSH', ARGV[10], ARGV[12] .. ARGV[13] .. tail)
  redis.pcall('INCR', ARGV[11])
  if suspects ~= '' then redis.pcall('HDEL', suspects, redis.sha1hex(ARGV[13])) end
  fate = ARGV[9] == 'f' and 3 or 4
elseif ARGV[9] == 'r' then
  redis.call('SADD', ARGV[16], ARGV[17])
  redis.call('LPUSH', ARGV[18], ARGV[19])
  if #deaths > 0 then redis.pcall('HSET', suspects, redis.sha1hex(ARGV[13]), table.concat(deaths, ' ')) end
  fate = 2
end
-- The turn to run a suspect alone goes to the next at once.
if ARGV[9] == 'r' and redis.call('GET', ARGV[23]) == ARGV[20] then redis.pcall('DEL', ARGV[23]) end
redis.call('HDEL', heartbeats, worker)
redis.call('SREM', KEYS[1], worker)
redis.call('DEL', record, ARGV[6], ARGV[7], ARGV[8])
return fate
