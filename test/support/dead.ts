/** Workers of tsworker processes that died: registered, with an old heartbeat, and some with a job. */
import { heartbeatText } from '../../src/registry/clock.js';
import type { TestClient } from './redis.js';

export interface DeadProcess {
  /** `<label>:<pid>`. */
  readonly name?: string;
  readonly slots: number;
  /** The number of its first slots that had a job: `{"class":"J","args":[<slot>]}` of the queue q. */
  readonly jobs?: number;
  readonly silentMs?: number;
}

const CHUNK = 1000;

/** @returns its worker ids */
export async function writeDeadProcess(
  client: TestClient,
  { name = 'dead.ts:9', slots, jobs = 0, silentMs = 3_600_000 }: DeadProcess,
): Promise<string[]> {
  const ids = Array.from({ length: slots }, (_, slot) => `${name}-${slot}:q`);
  const beat = heartbeatText(Date.now() - silentMs);
  const startedAt = `${beat.slice(0, 19).replace('T', ' ')} +0000`;
  for (let first = 0; first < slots; first += CHUNK) {
    const some = ids.slice(first, first + CHUNK);
    const held = some.slice(0, Math.max(0, jobs - first));
    await Promise.all([
      client.sAdd('resque:workers', some),
      client.hSet('resque:workers:heartbeat', Object.fromEntries(some.map((id) => [id, beat]))),
      client.mSet(some.map((id): [string, string] => [`resque:worker:${id}:started`, startedAt])),
      ...held.map((id, n) => client.set(`resque:worker:${id}`, recordOf(first + n))),
    ]);
  }
  return ids;
}

function recordOf(slot: number): string {
  return `{"token":"abcdefgh-1-${slot}","queue":"q","run_at":"2026-11-24T00:00:00.000Z","payload":{"class":"J","args":[${slot}]}}`;
}
