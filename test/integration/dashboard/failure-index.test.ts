/** The index of the failed list against the list itself, while others push to it, remove from it and change it. */
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FailureIndex } from '../../../src/dashboard/failures/index.js';
import {
  countMatching,
  countPayloads,
  keyOf,
  matchingRows,
  summarize,
} from '../../../src/dashboard/failures/summary.js';
import { shortHash } from '../../../src/dashboard/failures/table.js';
import { entryId, FailedEntry, failureTime } from '../../../src/inspect/failed/entry.js';
import { fingerprint } from '../../../src/inspect/failed/fingerprint.js';
import { connect } from '../../../src/redis/connect.js';
import type { Connection } from '../../../src/redis/connection.js';
import { entryText, keys, meddled, payloadText, pushFailed } from '../../support/failed.js';
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

const NOW = Date.parse('2026-11-24T12:00:00Z');

function newIndex(mostInPage?: number, via = connection): FailureIndex {
  return new FailureIndex({ connection: via, keys, mask: (text) => text, ...(mostInPage ? { mostInPage } : {}) });
}

async function settle(index: FailureIndex): Promise<void> {
  for (let steps = 0; steps < 2000; steps++) if ((await index.step()) === 'idle') return;
  throw new Error('the index never comes to rest');
}

const list = () => redis.client.lRange(keys.failed, 0, -1);

/** Rows that do not say what stands in the list. */
async function wrongRows(index: FailureIndex): Promise<number[]> {
  const texts = await list();
  expect([index.table.low, index.table.high]).toEqual([0, texts.length]);
  return texts.flatMap((text, n) => (index.table.is(n, shortHash(Buffer.from(text))) ? [] : [n]));
}

const text = (id: number, kind = id % 5) =>
  entryText(id, {
    failed_at: kind === 4 ? 'whenever' : `2026/11/24 ${String(id % 12).padStart(2, '0')}:00:00 UTC`,
    payload: { class: `C${kind % 3}`, args: [id % 7] },
    error: `boom of ${id} ${'abcde'[kind]}`,
    queue: kind === 3 ? 'low' : 'mail',
    ...(id % 11 === 0 ? { retried_at: '2026/11/24' } : {}),
  });

describe('kept up', () => {
  type Change =
    | { readonly kind: 'push' | 'twin' | 'head' | 'tail'; readonly count: number }
    | { readonly kind: 'remove' | 'own' | 'mark'; readonly at: readonly number[] }
    | { readonly kind: 'step'; readonly count: number }
    | { readonly kind: 'clear' };
  const places = fc.array(fc.nat(999), { minLength: 1, maxLength: 6 });
  const change: fc.Arbitrary<Change> = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constantFrom('push', 'twin', 'head', 'tail'),
        count: fc.integer({ min: 1, max: 9 }),
      }),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('remove', 'own', 'mark'), at: places }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('step' as const), count: fc.integer({ min: 1, max: 6 }) }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'clear' } as const) },
  );

  class Others {
    #next: number;
    readonly marked = new Set<string>();
    readonly #index: FailureIndex;

    constructor(index: FailureIndex, next: number) {
      this.#index = index;
      this.#next = next;
    }

    async act(one: Change): Promise<void> {
      const { client } = redis;
      if (one.kind === 'step') return;
      if (one.kind === 'clear') return void (await client.del(keys.failed));
      if ('at' in one) return await this.#touch(one.kind, one.at);
      if (one.kind === 'head') return void (await client.lTrim(keys.failed, one.count, -1));
      if (one.kind === 'tail') return void (await client.lTrim(keys.failed, 0, -1 - one.count));
      const ids = Array.from({ length: one.count }, () => (one.kind === 'twin' ? 3 : this.#next++));
      await pushFailed(
        client,
        ids.map((id) => text(id)),
      );
    }

    async #touch(kind: 'remove' | 'own' | 'mark', places: readonly number[]): Promise<void> {
      const { client } = redis;
      for (const place of places) {
        const length = await client.lLen(keys.failed);
        if (length === 0) return;
        const at = Math.floor((place / 1000) * length);
        const entry = (await client.lIndex(keys.failed, at)) ?? '';
        if (kind === 'mark') {
          const marked = entry.replace('"exception"', '"retried_at":"now","exception"');
          this.marked.add(marked);
          await client.lSet(keys.failed, at, marked);
        } else {
          await client.lSet(keys.failed, at, '');
          await client.lRem(keys.failed, 1, '');
          if (kind === 'own') this.#index.taken([entryId(Buffer.from(entry))]);
        }
      }
    }
  }

  test('whatever others do, it comes to say what stands in the list', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 60 }),
        fc.array(change, { maxLength: 12 }),
        fc.integer({ min: 1, max: 15 }),
        async (start, changes, pageSize) => {
          await redis.client.flushAll();
          await pushFailed(
            redis.client,
            Array.from({ length: start }, (_, id) => text(id)),
          );
          const index = newIndex(pageSize);
          const others = new Others(index, start);
          await settle(index);
          for (const one of changes) {
            await others.act(one);
            if (one.kind === 'step') for (let i = 0; i < one.count; i++) await index.step();
          }
          await settle(index);
          // Twins in a row look as if nothing had moved: probes tell.
          for (let i = 0; changes.some(({ kind }) => kind === 'twin') && i < 300; i++) await index.probe();
          await settle(index);
          const texts = await list();
          const wrong = (await wrongRows(index)).filter((n) => !others.marked.has(texts[n]));
          expect(wrong).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('also when the list changes between any two of its reads', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 }),
        fc.array(fc.tuple(fc.nat(40), change), { maxLength: 10 }),
        async (start, plan) => {
          await redis.client.flushAll();
          await pushFailed(
            redis.client,
            Array.from({ length: start }, (_, id) => text(id)),
          );
          let others: Others | undefined;
          const via = meddled(connection, async (call) => {
            for (const [at, one] of plan)
              if (at === call && one.kind !== 'mark' && one.kind !== 'twin') await others?.act(one);
          });
          const index = newIndex(5, via);
          others = new Others(index, start);
          for (let i = 0; i < 20; i++) await index.step();
          await settle(index);
          // A change in the middle of a search may mislead it: probes tell.
          for (let i = 0; i < 300; i++) await index.probe();
          await settle(index);
          expect(await wrongRows(index)).toEqual([]);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('a few removals from a long list cost a few reads, and our own none', async () => {
    await pushFailed(
      redis.client,
      Array.from({ length: 5000 }, (_, id) => text(id)),
    );
    let calls = 0;
    const counting = meddled(connection, async () => void calls++);
    const index = newIndex(undefined, counting);
    await settle(index);
    calls = 0;
    for (const at of [4000, 2500, 10]) {
      const entry = (await redis.client.lIndex(keys.failed, at)) as string;
      await redis.client.lRem(keys.failed, 1, entry);
    }
    await settle(index);
    expect(await wrongRows(index)).toEqual([]);
    expect(calls).toBeLessThan(3 * (13 + 2 + 10) + 4);
    calls = 0;
    const own = (await redis.client.lIndex(keys.failed, 300)) as string;
    await redis.client.lRem(keys.failed, 1, own);
    index.taken([entryId(Buffer.from(own))]);
    await settle(index);
    expect(await wrongRows(index)).toEqual([]);
    expect(calls).toBe(2);
  });

  test('an entry that resque-web has marked is found by chance, or where it is looked at', async () => {
    await pushFailed(
      redis.client,
      Array.from({ length: 3 }, (_, id) => text(id + 1)),
    );
    const index = newIndex();
    await settle(index);
    await redis.client.lSet(keys.failed, 1, entryText(9, { retried_at: 'now' }));
    await index.step();
    expect(await wrongRows(index)).toEqual([1]);
    for (let i = 0; i < 100; i++) await index.probe();
    expect(await wrongRows(index)).toEqual([]);
    await redis.client.lSet(keys.failed, 0, entryText(10));
    index.seen([{ n: 0, raw: Buffer.from(entryText(10)) }]);
    expect(await wrongRows(index)).toEqual([]);
  });

  test('newest first: what is known at any time are the newest', async () => {
    await pushFailed(
      redis.client,
      Array.from({ length: 3000 }, (_, id) => text(id)),
    );
    const index = newIndex(500);
    await index.step();
    expect([index.table.low, index.table.high, index.isComplete]).toEqual([2900, 3000, false]);
    await settle(index);
    expect(index.isComplete).toBe(true);
  });
});

describe('a summary', () => {
  interface Wanted {
    readonly class?: string;
    readonly queue?: string;
    readonly since?: number;
    readonly before?: number;
    readonly retried?: boolean;
    readonly unreadable?: boolean;
  }

  function meant(texts: readonly string[], wanted: Wanted): number[] {
    return texts.flatMap((raw, n) => {
      const entry = new FailedEntry(Buffer.from(raw));
      const at = failureTime(entry);
      const isMeant =
        (wanted.class === undefined || entry.class === wanted.class) &&
        (wanted.queue === undefined || entry.queue === wanted.queue) &&
        (wanted.retried === undefined || (entry.retriedAt !== undefined) === wanted.retried) &&
        (wanted.unreadable === undefined || (entry.unreadable !== undefined) === wanted.unreadable) &&
        (wanted.since === undefined || (at !== undefined && at >= wanted.since)) &&
        (wanted.before === undefined || (at !== undefined && at < wanted.before));
      return isMeant ? [n] : [];
    });
  }

  const hour = fc.integer({ min: 0, max: 12 }).map((h) => Date.parse('2026-11-24T00:00:00Z') + h * 3_600_000);
  const filters = fc.record(
    {
      class: fc.constantFrom('C0', 'C1', 'C2', 'none', ''),
      queue: fc.constantFrom('mail', 'low', 'none', ''),
      since: hour,
      before: hour,
      retried: fc.boolean(),
      unreadable: fc.boolean(),
    },
    { requiredKeys: [] },
  );
  const entries = fc.array(
    fc.oneof(
      { weight: 9, arbitrary: fc.nat(200).map((id) => text(id)) },
      { weight: 1, arbitrary: fc.constantFrom('', 'x', '{', '[]', '{"payload":null}') },
    ),
    { maxLength: 80 },
  );

  test('says of any filter what a look at each entry says', async () => {
    await fc.assert(
      fc.asyncProperty(entries, filters, async (texts, filter) => {
        await redis.client.flushAll();
        await pushFailed(redis.client, texts);
        const index = newIndex();
        await settle(index);
        const rows = meant(texts, filter);
        const all = rows.map((n) => new FailedEntry(Buffer.from(texts[n])));
        const summary = summarize(index.table, filter, NOW);
        expect(summary.matching).toBe(rows.length);
        expect(countMatching(index.table, filter)).toBe(rows.length);
        const kinds = new Map<string, FailedEntry[]>();
        for (const entry of all) kinds.set(fingerprint(entry), [...(kinds.get(fingerprint(entry)) ?? []), entry]);
        expect(new Map(summary.groups.map(({ kind, count }) => [kind, count]))).toEqual(
          new Map([...kinds].map(([kind, some]) => [kind, some.length])),
        );
        for (const { kind, first, last, day, hours } of summary.groups) {
          const times = (kinds.get(kind) ?? []).map(failureTime).filter((at) => at !== undefined);
          expect([first, last]).toEqual(
            times.length === 0 ? [undefined, undefined] : [Math.min(...times), Math.max(...times)],
          );
          expect(day).toBe(times.length);
          expect(hours.reduce((sum, one) => sum + one, 0)).toBe(day);
        }
        const { rows: found, more } = matchingRows(index.table, filter, 10);
        expect(found).toEqual(rows.toReversed().slice(0, 10));
        expect(more).toBe(rows.length > 10);
        if (more)
          expect(matchingRows(index.table, filter, 100, found[9] - 1).rows).toEqual(rows.toReversed().slice(10));
      }),
      { numRuns: 150 },
    );
  });

  test('counts payloads that have failed again', async () => {
    const at = (id: number, failedAt: string) => entryText(id, { failed_at: failedAt });
    await pushFailed(redis.client, [
      at(1, '2026/11/24 10:00:00 UTC'),
      at(1, '2026/11/24 11:00:00 UTC'),
      at(1, '2026/11/24 11:00:01 UTC'),
      at(2, '2026/11/24 10:00:00 UTC'),
    ]);
    const index = newIndex();
    await settle(index);
    const hashes = new Set([1, 2, 3].map((id) => keyOf(shortHash(Buffer.from(payloadText(id))))));
    expect(countPayloads(index.table, hashes, Date.parse('2026-11-24T11:00:00Z'))).toBe(1);
    expect(countPayloads(index.table, hashes, Date.parse('2026-11-24T09:00:00Z'))).toBe(2);
  });
});

test('messages that nobody can tell to vary share a place in the end', () => {
  const index = newIndex();
  const words = 'abcdefghijklmnopqrstuvwxyz';
  for (let i = 0; i < 10_050; i++)
    index.table.append(
      Buffer.from(entryText(0, { error: [...String(i)].map((digit) => words[Number(digit) * 2]).join('') })),
    );
  const { groups } = summarize(index.table, {}, NOW);
  expect(groups.length).toBe(10_001);
  expect(groups.find(({ kind }) => kind === '')).toMatchObject({ count: 50 });
});
