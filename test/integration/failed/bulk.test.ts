import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Sweep } from '../../../src/inspect/failed/bulk.js';
import { removeNamed, resolveTargets } from '../../../src/inspect/failed/by-index.js';
import type { FailedFilter } from '../../../src/inspect/failed/filter.js';
import { FailedList } from '../../../src/inspect/failed/list.js';
import { Remover } from '../../../src/inspect/failed/remove.js';
import { choose } from '../../../src/inspect/failed/select.js';
import { connect } from '../../../src/redis/connect.js';
import type { Connection } from '../../../src/redis/connection.js';
import { entryText, idsIn, keys, meddled, payloadText, pushFailed } from '../../support/failed.js';
import { startRedis, type TestRedis } from '../../support/redis.js';

let redis: TestRedis;
let connection: Connection;

beforeAll(async () => {
  redis = await startRedis();
  connection = await connect({ uri: redis.uri, name: 'test', silenceMs: 0 }, redis.uri);
});
beforeEach(() => redis.client.flushAll());
afterAll(async () => {
  await connection.close();
  await redis.stop();
});

/** What somebody else does to the list, before the call of that number. */
interface Meddling {
  readonly call: number;
  readonly kind: 'push' | 'remove' | 'mark' | 'blank' | 'unblank';
  /** Where, in thousandths of the list. */
  readonly at: number;
}

/** What became of the entries that others touched. */
class Others {
  readonly pushed: number[] = [];
  readonly touched = new Set<number>();
  readonly removed: number[] = [];
  readonly #plan: readonly Meddling[];
  #next: number;

  constructor(plan: readonly Meddling[], next: number) {
    this.#plan = plan;
    this.#next = next;
  }

  readonly meddle = async (call: number): Promise<void> => {
    for (const one of this.#plan) if (one.call === call) await this.#act(one);
  };

  async #act({ kind, at }: Meddling): Promise<void> {
    const { client } = redis;
    if (kind === 'push') {
      this.pushed.push(this.#next);
      return await pushFailed(client, [entryText(this.#next++)]);
    }
    if (kind === 'unblank') return void (await client.lRem(keys.failed, 1, ''));
    const length = await client.lLen(keys.failed);
    if (length === 0) return;
    const index = Math.floor((at / 1000) * length);
    const [id] = idsIn([(await client.lIndex(keys.failed, index)) ?? '']);
    if (Number.isNaN(id)) return;
    this.touched.add(id);
    if (kind === 'mark')
      return void (await client.lSet(keys.failed, index, entryText(id, { retried_at: '2026/11/25' })));
    await client.lSet(keys.failed, index, '');
    this.removed.push(id);
    if (kind === 'remove') await client.lRem(keys.failed, 1, '');
  }
}

const meddlings = fc.array(
  fc.record<Meddling>({
    // Not before the first, which asks how long the list is.
    call: fc.integer({ min: 1, max: 40 }),
    kind: fc.constantFrom('push', 'remove', 'mark', 'blank', 'unblank'),
    at: fc.nat(999),
  }),
  { maxLength: 25 },
);
/** M: matches; x: does not; q: matches, but without a queue. */
const kinds = fc.array(fc.constantFrom('M', 'M', 'x', 'q'), { minLength: 1, maxLength: 60 });
const TEXTS = {
  M: (id: number) => entryText(id),
  x: (id: number) => entryText(id, { payload: { class: 'Other', args: [id] } }),
  q: (id: number) => entryText(id, { queue: null }),
};

async function lists() {
  const [failed, queued] = [
    await redis.client.lRange(keys.failed, 0, -1),
    await redis.client.lRange('resque:queue:mail', 0, -1),
  ];
  return { failed: idsIn(failed.filter((text) => text !== '')), queued: idsIn(queued), texts: queued };
}

/** Each job is in one place, and what stays has kept its order. */
async function expectConserved(others: Others, all: readonly number[]): Promise<Awaited<ReturnType<typeof lists>>> {
  const now = await lists();
  expect([...now.failed, ...now.queued, ...others.removed].sort((a, b) => a - b)).toEqual([...all, ...others.pushed]);
  expect(now.failed).toEqual([...now.failed].sort((a, b) => a - b));
  expect(now.texts).toEqual(now.queued.map((id) => payloadText(id)));
  return now;
}

async function drain(steps: AsyncIterable<{ taken: readonly unknown[] }>): Promise<number> {
  let taken = 0;
  for await (const step of steps) taken += step.taken.length;
  return taken;
}

/** The entries by which a sweep knows what was there when it began, as {@link FailedList.anchors} chooses them. */
function anchorsOf(length: number): number[] {
  const near = Math.max(0, length - 8);
  const far = Array.from({ length: 10 }, (_, i) => near - 2 ** i).filter((n) => n >= 0);
  return [...Array.from({ length: length - near }, (_, i) => length - 1 - i), ...far];
}

describe('a sweep', () => {
  test('takes all that match, once, while others push and remove', async () => {
    const filter: FailedFilter = { classes: ['Mail'] };
    await fc.assert(
      fc.asyncProperty(
        kinds,
        meddlings,
        fc.integer({ min: 1, max: 12 }),
        fc.nat(5),
        async (plan, meddling, pageSize, step) => {
          await redis.client.flushAll();
          await pushFailed(
            redis.client,
            plan.map((kind, id) => TEXTS[kind as 'M'](id)),
          );
          const anchors = anchorsOf(plan.length);
          const later = meddling.map((one) => ({ ...one, call: one.call + anchors.length }));
          const others = new Others(later, plan.length);
          const meddledWith = meddled(connection, others.meddle);
          const sweep = new Sweep(new FailedList(meddledWith, keys, pageSize), new Remover(meddledWith, keys), {
            action: { kind: 'retry' },
            filter,
            ...(step === 0 ? {} : { step }),
          });
          const taken = await drain(sweep.steps());
          const now = await expectConserved(
            others,
            plan.map((_, id) => id),
          );
          expect(taken).toBe(now.queued.length);
          const untouched = plan.flatMap((kind, id) => (kind === 'M' && !others.touched.has(id) ? [id] : []));
          // What is newer than the last anchor that stands might have come later.
          const bound = anchors.find((id) => !others.touched.has(id)) ?? -1;
          expect(untouched.filter((id) => id <= bound && !now.queued.includes(id))).toEqual([]);
          expect(now.queued.filter((id) => id >= plan.length)).toEqual([]);
          if (others.touched.size === 0) {
            expect(now.queued).toEqual(untouched);
            const unable = [...plan.keys()].filter((id) => plan[id] === 'q');
            expect(sweep.left.map(({ n }) => now.failed[n])).toEqual(unable);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('named entries', () => {
  test('are those that stood there at the start, wherever they have moved to', async () => {
    const indexes = fc.uniqueArray(fc.nat(59), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(
        kinds,
        meddlings,
        indexes,
        fc.integer({ min: 1, max: 12 }),
        async (plan, meddling, named, size) => {
          await redis.client.flushAll();
          await pushFailed(
            redis.client,
            plan.map((kind, id) => TEXTS[kind as 'M'](id)),
          );
          const own = new FailedList(connection, keys, size);
          const targets = named.map((n) => ({ from: n, to: n }));
          const { found: chosen, missing } = await resolveTargets(own, targets, (one) =>
            choose(one, { kind: 'remove' }, true),
          );
          expect(missing).toEqual(targets.filter(({ from }) => from >= plan.length));
          const others = new Others(meddling, plan.length);
          const meddledWith = meddled(connection, others.meddle);
          const taken: number[] = [];
          for await (const step of removeNamed(
            new FailedList(meddledWith, keys, size),
            new Remover(meddledWith, keys),
            chosen,
          ))
            taken.push(...step.taken.map(({ n }) => n));
          const wanted = named.filter((n) => n < plan.length);
          expect(taken.filter((n) => !wanted.includes(n))).toEqual([]);
          expect(wanted.filter((n) => !others.touched.has(n) && !taken.includes(n))).toEqual([]);
          const { failed } = await lists();
          const all = [...plan.keys(), ...others.pushed].filter(
            (id) => !taken.includes(id) && !others.removed.includes(id),
          );
          expect(failed).toEqual(all);
        },
      ),
      { numRuns: 200 },
    );
  });
});
