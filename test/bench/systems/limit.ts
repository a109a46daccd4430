/** The limit: what Redis alone does with the same writes for each job, in a loop on its side, one portion after the other. */
import type { Server } from '../harness/server.js';
import { nowMs } from '../jobs/bench.js';

/** As the claim script for a job that went well: pop, record, take the record, count for the worker and in total. */
const LOOP = `
local n = 0
for i = 1, tonumber(ARGV[1]) do
  local payload = redis.call('LPOP', KEYS[1])
  if not payload then break end
  local worker = 'host.ts:1-' .. i % 25 .. ':q'
  redis.call('SET', 'resque:worker:' .. worker, '{"token":"aaaaaaaa-1-1","queue":"q","run_at":"2026-01-01T00:00:00.000Z","payload":' .. payload .. '}')
  redis.call('GETDEL', 'resque:worker:' .. worker)
  redis.call('INCR', 'resque:stat:processed:' .. worker)
  redis.call('INCR', 'resque:stat:processed')
  n = n + 1
end
return n`;

const PORTION = 1000;

/** Jobs a second. The jobs must be there. */
export async function limitRate(server: Server, queue: string, jobs: number): Promise<number> {
  const begun = nowMs();
  let done = 0;
  while (done < jobs) {
    const n = Number(await server.send(['EVAL', LOOP, '1', `resque:queue:${queue}`, String(PORTION)]));
    if (n === 0) break;
    done += n;
  }
  return (done * 1000) / (nowMs() - begun);
}
