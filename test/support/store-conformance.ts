/** What the engine requires of a JobStore: a suite that the Redis store and the memory store both pass. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Finish, JobStore } from '../../src/engine/interfaces.js';
import type { Claim, Outcome } from '../../src/job.js';
import { asError } from '../../src/thrown.js';

/** A store on the queues `high` and `low`, in strict order, and what can be seen and done around it. */
export interface StoreBed {
  readonly store: JobStore;
  /** The claims of another process with the same slots. */
  readonly other: JobStore;
  push(queue: string, ...payloads: (string | Buffer)[]): Promise<void>;
  queued(queue: string): Promise<Buffer[]>;
  failed(): Promise<number>;
  processed(): Promise<number>;
  /** Records in the slots 0 to 9. */
  records(): Promise<number>;
  pause(paused: boolean): Promise<void>;
  register(registered: boolean): Promise<void>;
}

const job = (n: number | string) => `{"class":"J","args":[${JSON.stringify(n)}]}`;
const DONE: Outcome = { kind: 'done' };
const FAILED: Outcome = { kind: 'failed', error: asError(new Error('x')) };
const REQUEUE: Outcome = { kind: 'requeue' };
const DISCARDED: Outcome = { kind: 'discarded', error: asError(new Error('stale')) };
const finish = (claim: Claim, outcome: Outcome = DONE): Finish => ({ claim, outcome });
const texts = (claims: readonly Claim[]) => claims.map(({ payload }) => payload.toString());

export function describeStore(name: string, make: () => Promise<StoreBed>): void {
  describe(`the store ${name}`, () => {
    test('claims one job for each slot, in the order of the queues, then of the slots', async () => {
      const { store, push, records } = await make();
      await push('low', job('l'));
      await push('high', job(1), job(2));
      const { claims, drained } = await store.ackAndClaim([], [3, 1, 0, 2]);
      expect(claims.map(({ slot, queue }) => [slot, queue])).toEqual([
        [3, 'high'],
        [1, 'high'],
        [0, 'low'],
      ]);
      expect(texts(claims)).toEqual([job(1), job(2), job('l')]);
      expect(claims.map(({ strict }) => strict)).toEqual([true, true, true]);
      expect(new Set(claims.map(({ token }) => token)).size).toBe(3);
      expect([drained, await records()]).toEqual([true, 3]);
    });

    test('is not drained when every slot got a job', async () => {
      const { store, push, queued } = await make();
      await push('high', job(1), job(2));
      expect((await store.ackAndClaim([], [0])).drained).toBe(false);
      expect(await queued('high')).toEqual([Buffer.from(job(2))]);
    });

    test('is drained when nothing is there', async () => {
      const { store } = await make();
      expect(await store.ackAndClaim([], [0, 1])).toEqual({
        settled: [],
        claims: [],
        occupied: [],
        paused: false,
        unregistered: false,
        drained: true,
      });
    });

    test('acknowledges and claims for the same slots in one call', async () => {
      const { store, push, processed, failed, records } = await make();
      await push('high', job(1), job(2), job(3), job(4));
      const { claims } = await store.ackAndClaim([], [0, 1]);
      const reply = await store.ackAndClaim([finish(claims[0]), finish(claims[1], FAILED)], [0, 1, 5]);
      expect(reply.settled).toEqual([true, true]);
      expect(reply.claims.map(({ slot }) => slot)).toEqual([0, 1]);
      expect([await processed(), await failed(), await records()]).toEqual([1, 1, 2]);
    });

    test('acknowledges without claiming', async () => {
      const { store, push, processed, records, queued } = await make();
      await push('high', job(1), job(2));
      const { claims } = await store.ackAndClaim([], [0]);
      expect(await store.ackAndClaim([finish(claims[0])], [])).toMatchObject({ settled: [true], claims: [] });
      expect([await processed(), await records(), (await queued('high')).length]).toEqual([1, 0, 1]);
    });

    test('counts a finish once, however often it is sent', async () => {
      const { store, push, processed, failed, queued } = await make();
      await push('high', job(1), job(2), job(3));
      const { claims } = await store.ackAndClaim([], [0, 1, 2]);
      const finishes = [finish(claims[0]), finish(claims[1], FAILED), finish(claims[2], REQUEUE)];
      expect((await store.ackAndClaim(finishes, [])).settled).toEqual([true, true, true]);
      expect((await store.ackAndClaim(finishes, [])).settled).toEqual([false, false, false]);
      expect([await processed(), await failed(), (await queued('high')).length]).toEqual([1, 1, 1]);
    });

    test('counts no finish of a claim that is not there any more, and leaves what is', async () => {
      const { store, push, processed, records } = await make();
      await push('high', job(1), job(2));
      const { claims } = await store.ackAndClaim([], [0]);
      await store.ackAndClaim([finish(claims[0], REQUEUE)], []);
      const { claims: later } = await store.ackAndClaim([], [0]);
      expect((await store.ackAndClaim([finish(claims[0])], [])).settled).toEqual([false]);
      expect([await processed(), await records()]).toEqual([0, 1]);
      expect((await store.ackAndClaim([finish(later[0])], [])).settled).toEqual([true]);
    });

    test('puts jobs back at the head of their queues, byte for byte and in their order', async () => {
      const { store, push, queued } = await make();
      const garbage = Buffer.from([0x7b, 0xff, 0x00, 0x22]);
      const odd = '{"class":"J", "args":[1.0,12345678901234567890]}';
      await push('high', odd, garbage, job(3));
      await push('low', job('l'));
      const { claims } = await store.ackAndClaim([], [0, 1, 2, 3]);
      expect(claims.map(({ strict }) => strict)).toEqual([true, false, true, true]);
      expect(claims[1].payload).toEqual(garbage);
      await push('high', job('later'));
      // The latest first, as the engine requeues them.
      await store.ackAndClaim(
        [...claims].reverse().map((claim) => finish(claim, REQUEUE)),
        [],
      );
      expect(await queued('high')).toEqual([Buffer.from(odd), garbage, Buffer.from(job(3)), Buffer.from(job('later'))]);
      expect(await queued('low')).toEqual([Buffer.from(job('l'))]);
    });

    test('claims nothing while paused, and acknowledges all the same', async () => {
      const { store, push, pause, processed } = await make();
      await push('high', job(1), job(2));
      const { claims } = await store.ackAndClaim([], [0]);
      await pause(true);
      const reply = await store.ackAndClaim([finish(claims[0])], [0, 1]);
      expect(reply).toMatchObject({ paused: true, claims: [], settled: [true], drained: false });
      expect(await processed()).toBe(1);
      await pause(false);
      expect((await store.ackAndClaim([], [0])).claims).toHaveLength(1);
    });

    test('claims nothing while not registered, and acknowledges all the same', async () => {
      const { store, push, register, processed } = await make();
      await push('high', job(1), job(2));
      const { claims } = await store.ackAndClaim([], [0]);
      await register(false);
      const reply = await store.ackAndClaim([finish(claims[0])], [0, 1]);
      expect(reply).toMatchObject({ unregistered: true, claims: [], settled: [true], drained: false });
      expect(await processed()).toBe(1);
      await register(true);
      expect((await store.ackAndClaim([], [0])).claims).toHaveLength(1);
    });

    test('claims nothing for a slot whose record is there, names it, and serves the others', async () => {
      const { store, other, push, queued } = await make();
      await push('high', job(1), job(2), job(3));
      const { claims } = await other.ackAndClaim([], [1]);
      const reply = await store.ackAndClaim([], [0, 1]);
      expect(reply.occupied).toEqual([1]);
      expect(reply.claims.map(({ slot }) => slot)).toEqual([0]);
      expect(await queued('high')).toEqual([Buffer.from(job(3))]);
      // A foreign record is never taken for ours.
      expect((await other.ackAndClaim([finish(claims[0])], [])).settled).toEqual([true]);
    });

    test('holds what this process claimed, of the slots that are asked about', async () => {
      const { store, other, push } = await make();
      const garbage = Buffer.from([0x7b, 0xff, 0x00, 0x22]);
      await push('high', job(1), garbage, job(3));
      const { claims } = await store.ackAndClaim([], [0, 1]);
      await other.ackAndClaim([], [2]);
      expect(await store.held([])).toEqual([]);
      expect(await store.held([1, 2, 3])).toEqual([claims[1]]);
      expect(await store.held([0, 1])).toEqual(claims);
      // What it holds can be finished.
      expect(
        (
          await store.ackAndClaim(
            (await store.held([0, 1])).map((claim) => finish(claim)),
            [],
          )
        ).settled,
      ).toEqual([true, true]);
    });

    test('property: whatever is claimed and finished, by whom and how often, every job is in one place', async () => {
      const step = fc.record({
        by: fc.constantFrom('store', 'other'),
        push: fc.nat(3),
        idle: fc.uniqueArray(fc.nat(9), { maxLength: 4 }),
        outcome: fc.constantFrom(DONE, FAILED, REQUEUE, DISCARDED),
        finishes: fc.nat(3),
        again: fc.boolean(),
      } as const);
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
          const bed = await make();
          const running: Record<'store' | 'other', Claim[]> = { store: [], other: [] };
          let pushed = 0;
          for (const { by, push, idle, outcome, finishes, again } of steps) {
            for (let n = 0; n < push; n++) await bed.push(n % 2 ? 'high' : 'low', job(pushed++));
            const ended = running[by].splice(0, finishes);
            const busy = new Set([...running[by], ...ended].map(({ slot }) => slot));
            const asked = [...ended.map(({ slot }) => slot), ...idle.filter((slot) => !busy.has(slot))];
            const sent = ended.map((claim) => finish(claim, outcome));
            const { settled, claims } = await bed[by].ackAndClaim(sent, asked);
            expect(settled).toEqual(sent.map(() => true));
            running[by].push(...claims);
            if (again) expect((await bed[by].ackAndClaim(sent, [])).settled).toEqual(sent.map(() => false));
            const queued = (await bed.queued('high')).length + (await bed.queued('low')).length;
            const counted = (await bed.failed()) + (await bed.processed());
            expect(queued + counted + running.store.length + running.other.length).toBe(pushed);
            expect(await bed.records()).toBe(running.store.length + running.other.length);
          }
        }),
        { numRuns: 40 },
      );
    });
  });
}
