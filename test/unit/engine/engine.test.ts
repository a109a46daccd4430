/** The loop over a fake store: when it makes calls, for all combinations of events. */
import { expect, onTestFinished, test } from 'vitest';
import { Engine } from '../../../src/engine/engine.js';
import type { EngineEvents } from '../../../src/engine/events.js';
import type { ClaimReply, Finish } from '../../../src/engine/interfaces.js';
import type { Claim } from '../../../src/job.js';

interface Call {
  readonly finishes: readonly Finish[];
  readonly idle: readonly number[];
  reply(claims: number, more?: Partial<ClaimReply>): void;
}

/** An engine, and its calls as they come. */
async function engineOf(perform: () => unknown = () => {}, concurrency = 25) {
  const calls: Call[] = [];
  const silent = new Proxy({}, { get: () => () => {} }) as EngineEvents;
  const engine = new Engine({
    store: {
      ackAndClaim: async (finishes, idle) => {
        const exchanged = await new Promise<ClaimReply>((resolve) => {
          const reply = (claims: number, more: Partial<ClaimReply> = {}) =>
            resolve({ ...answer(finishes, idle.slice(0, claims), claims < idle.length), ...more });
          calls.push({ finishes, idle, reply });
        });
        // As many steps as a client and a script's caller make of it.
        for (let step = 0; step < 5; step++) await undefined;
        return exchanged;
      },
      changed: () => true,
      pushedTo: () => {},
      look: () => {},
      held: async () => [],
    },
    perform,
    events: silent,
    concurrency,
    intervalMs: 3_600_000,
    pushes: true,
    exitOnComplete: false,
  });
  onTestFinished(() => engine.giveUp());
  await engine.start();
  await settled();
  return { engine, calls };
}

let sequence = 0;
function answer(finishes: readonly Finish[], slots: readonly number[], drained: boolean): ClaimReply {
  const payload = Buffer.from('{"class":"J","args":[]}');
  const claims = slots.map((slot): Claim => ({ slot, token: `t${sequence++}`, queue: 'q', payload, strict: true }));
  const none = { occupied: [], paused: false, unregistered: false };
  return { settled: finishes.map(() => true), claims, drained, ...none };
}

/** Everything that follows by itself has happened. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
}

test('a push that is told of together with the reply of a call that did not see it is not lost', async () => {
  const { engine, calls } = await engineOf();
  calls[0].reply(0);
  engine.changed(null);
  await settled();
  expect(calls).toHaveLength(2);
});

test('nor when it comes while the second of two replies waits for its turn', async () => {
  const { engine, calls } = await engineOf();
  calls[0].reply(25);
  await settled();
  expect(calls).toHaveLength(3);
  calls[1].reply(0);
  calls[2].reply(0);
  engine.changed(null);
  await settled();
  expect(calls).toHaveLength(4);
  calls[3].reply(0);
  await settled();
  expect(calls).toHaveLength(4);
});

test('what ends together goes out in two halves, over different slots, and no third beside them', async () => {
  const { calls } = await engineOf();
  calls[0].reply(25);
  await settled();
  const [, first, second] = calls;
  expect([first.finishes.length, second.finishes.length]).toEqual([13, 12]);
  expect(new Set([...first.idle, ...second.idle]).size).toBe(25);
  first.reply(13);
  second.reply(12);
  await settled();
  expect(calls).toHaveLength(5);
  expect(calls[3].finishes).toHaveLength(13);
});

test('few travel in one call, and while it is under way the others gather', async () => {
  const jobs: (() => void)[] = [];
  const { calls } = await engineOf(() => new Promise<void>((resolve) => jobs.push(resolve)));
  calls[0].reply(25);
  await settled();
  for (const end of jobs.slice(0, 3)) end();
  await settled();
  for (const end of jobs.slice(3, 6)) end();
  await settled();
  expect(calls).toHaveLength(2);
  expect(calls[1].finishes).toHaveLength(3);
  calls[1].reply(0);
  await settled();
  expect(calls[2].finishes).toHaveLength(3);
});

test('many idle slots are offered as far as jobs come: their names cost the wire, and Redis', async () => {
  const { engine, calls } = await engineOf(() => new Promise(() => {}), 1000);
  const offered = () => calls.map(({ idle }) => idle.length);
  expect(offered()).toEqual([32]);
  calls[0].reply(32);
  await settled();
  calls[1].reply(64);
  await settled();
  expect(offered()).toEqual([32, 64, 128]);
  calls[2].reply(1);
  await settled();
  engine.changed(null);
  await settled();
  expect(offered()).toEqual([32, 64, 128, 32]);
});
