import { expect, test } from 'vitest';
import { heldBy, isNotable, Processes } from '../../../src/inspect/processes.js';
import { parseWorkerId } from '../../../src/inspect/worker-id.js';
import type { WorkerSeen } from '../../../src/inspect/workers.js';

function worker(id: string, given: Partial<WorkerSeen> = {}): WorkerSeen {
  const base = { state: 'idle', job: undefined, ours: false, liveness: 'alive', heartbeatAt: undefined } as const;
  return { id, ...parseWorkerId(id), ...base, ...given };
}

test('workers of one process are one, whichever program they are', () => {
  const job = (since: number) => ({ since }) as WorkerSeen['job'];
  const processes = new Processes(new Map([['b.ts:7', { paused: true, draining: false }]]));
  processes.add(worker('b.ts:7-0:high,low', { state: 'working', job: job(500), heartbeatAt: 10 }), { processed: 3 });
  processes.add(worker('b.ts:7-1:high,low', { state: 'working', job: job(300), heartbeatAt: 20 }), { failed: 1 });
  processes.add(worker('b.ts:7-2:high,low'));
  processes.add(worker('a:4711:q', { state: 'lost', liveness: 'gone' }));
  processes.add(worker('a:4712:q'));
  processes.add(worker('odd'));
  expect(processes.all.map(({ name, slots, working, lost }) => [name, slots, working, lost])).toEqual([
    ['a:4711', 1, 0, 1],
    ['a:4712', 1, 0, 0],
    ['b.ts:7', 3, 2, 0],
    ['odd', 1, 0, 0],
  ]);
  const ours = processes.all[2];
  expect(ours).toMatchObject({ heartbeatAt: 20, since: 300, processed: 3, failed: 1, queues: ['high', 'low'] });
  expect(processes.all.map(heldBy)).toEqual([undefined, undefined, 'paused', undefined]);
  expect(processes.all.map(isNotable)).toEqual([true, false, true, false]);
});
