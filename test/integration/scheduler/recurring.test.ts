/** Recurring jobs: exactly one for each tick in every case; publishing; pauses; Ruby's schedulers beside us. */
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { readEntry, type ScheduleOptions } from '../../../src/recurring/entry.js';
import { type PublishedSet, setText } from '../../../src/recurring/set-text.js';
import { tickText } from '../../../src/recurring/tick.js';
import type { Connection } from '../../../src/redis/connection.js';
import { serverTimeMs } from '../../../src/registry/clock.js';
import { readLock } from '../../../src/resque/lock.js';
import { changeTicks, parseRubyTime, pauseSchedules, publishSchedule } from '../../../src/resque/schedules.js';
import { RecurringJobs, type RecurringMessage } from '../../../src/scheduler/recurring.js';
import { Scheduler, type SchedulerMessage } from '../../../src/scheduler/scheduler.js';
import { keys } from '../../support/failed.js';
import { startRedis, type TestRedis } from '../../support/redis.js';
import { testConnection, testStore } from '../../support/store.js';
import { until } from '../../support/until.js';

const LOCKS = [keys.rubySchedulerLock(''), keys.nodeSchedulerLock];
const HOUR = 3_600_000;

let redis: TestRedis;
let connection: Connection;

beforeAll(async () => {
  redis = await startRedis();
});
beforeEach(async () => {
  await redis.client.flushAll();
  connection = await testConnection(redis.uri);
});
afterAll(() => redis?.stop());

const queued = (queue: string) => redis.client.lRange(keys.queue(queue), 0, -1);
const job = (name: string) => `{"class":"${name}","args":[]}`;

interface Published {
  readonly app?: string;
  readonly startedMs?: number;
  readonly ruby?: boolean;
  readonly dynamic?: boolean;
}

async function publish(given: Readonly<Record<string, ScheduleOptions>>, how: Published = {}): Promise<boolean> {
  const { app = 'app', startedMs = 1, ruby = false, dynamic = false } = how;
  const entries = Object.entries(given).map(([name, one]) => {
    const entry = readEntry(name, one, 'here');
    return { ...entry, queue: entry.queue ?? 'q', ruby };
  });
  const set: PublishedSet = { entries, dynamic, environment: undefined };
  return await publishSchedule(connection, keys, { app, startedMs, set: setText(set) });
}

/** A leader whose clock the test sets. */
function leader(name: string, own = connection) {
  const messages: RecurringMessage[] = [];
  const jobs = new RecurringJobs(own, { keys, name, locks: LOCKS, tell: (message) => messages.push(message) });
  const step = async (nowMs: number, more: { held?: boolean; rubyChanged?: boolean } = {}) => {
    const revision = (await redis.client.hGet(keys.schedule, 'revision')) ?? '';
    return await jobs.step({ nowMs, revision, held: false, rubyChanged: false, ...more });
  };
  return { jobs, messages, step };
}

/** Steps until nothing is due. */
async function run(one: ReturnType<typeof leader>, nowMs: number, more = {}): Promise<number> {
  for (;;) {
    const waitMs = await one.step(nowMs, more);
    if (waitMs > 0) return waitMs;
  }
}

describe('what is published', () => {
  const fields = async () => Object.keys(await redis.client.hGetAll(keys.schedules)).sort();

  test('replaces what the same application published; the latest start wins, and comes to stay', async () => {
    expect(await publish({ a: { every: '1h' }, b: { every: '1h' } }, { startedMs: 10 })).toBe(true);
    expect(await publish({ a: { every: '1h' } }, { startedMs: 20 })).toBe(true);
    expect(await publish({ a: { every: '1h' }, b: { every: '1h' } }, { startedMs: 10 })).toBe(false);
    const { entries } = JSON.parse((await redis.client.hGet(keys.schedules, 'app')) as string);
    expect(entries.map(({ name }: { name: string }) => name)).toEqual(['a']);
    expect(await publish({}, { startedMs: 30 })).toBe(true);
    expect(await publish({ a: { every: '1h' } }, { startedMs: 20 })).toBe(false);
    expect(await fields()).toEqual([]);
    expect(await publish({ a: { every: '1h' } }, { startedMs: 30 })).toBe(true);
    expect(await publish({ a: { every: '1h' } }, { app: 'other' })).toBe(true);
    expect(await fields()).toEqual(['app', 'other']);
  });

  test('an application that has none and had none leaves no trace', async () => {
    expect(await publish({})).toBe(true);
    expect(await redis.client.keys('*')).toEqual([]);
  });

  test('the same set again wakes nobody', async () => {
    await publish({ a: { every: '1h' } }, { startedMs: 1 });
    await publish({ a: { every: '1h' } }, { startedMs: 2 });
    expect(await redis.client.hGet(keys.schedule, 'revision')).toBe('1');
  });
});

describe('a tick', () => {
  const NOW = Date.UTC(2026, 10, 24, 12);

  test('a new entry waits for its next tick, and is enqueued then, with when and by whom', async () => {
    await publish({ a: { every: '1m', class: 'A', args: [] } });
    const one = leader('x.ts:1#a');
    expect(await run(one, NOW + 1)).toBe(59_999);
    expect(await queued('q')).toEqual([]);
    expect(await run(one, NOW + 60_000)).toBe(60_000);
    expect(await queued('q')).toEqual([job('A')]);
    expect(await redis.client.sMembers(keys.queues)).toEqual(['q']);
    const at = await redis.client.hGet(keys.lastEnqueuedAt, 'a');
    expect(at).toBe('2026-11-24 12:01:00 +0000');
    expect(parseRubyTime(at ?? '')).toBe(NOW + 60_000);
    const state = { last: NOW + 60_000, next: NOW + 120_000, by: 'x.ts:1#a' };
    expect(await redis.client.hGet(keys.ticks, 'a')).toBe(tickText({ everyMs: 60_000 }, state));
    expect(await redis.client.hGet(keys.stat, 'scheduled')).toBe('1');
    expect(one.messages).toEqual([{ kind: 'recurring', count: 1 }]);
  });

  test('is not passed over where the leader that saw the entry first is gone by then', async () => {
    await publish({ a: { every: '1m' } });
    await run(leader('x.ts:1'), NOW + 1);
    await run(leader('y.ts:2'), NOW + 60_001);
    expect(await queued('q')).toEqual([job('a')]);
  });

  test('is enqueued once by two leaders at once, and by one whose reply was lost', async () => {
    await publish({ a: { every: '1m' }, b: { every: '1m' } });
    const both = [leader('x.ts:1'), leader('y.ts:2', await testConnection(redis.uri))];
    for (const one of both) await run(one, NOW + 1);
    await Promise.all(both.map((one) => run(one, NOW + 60_000)));
    expect((await queued('q')).sort()).toEqual([job('a'), job('b')]);
    const lost = leader('z.ts:3', losingReplies(connection));
    for (let i = 0; i < 20; i++) await lost.step(NOW + 120_000).catch(() => lost.jobs.forget());
    expect((await queued('q')).sort()).toEqual([job('a'), job('a'), job('b'), job('b')]);
  });

  test('is that of what is scheduled now: an entry that was removed meanwhile is not enqueued', async () => {
    await publish({ a: { every: '1m' } });
    const one = leader('x.ts:1');
    await run(one, NOW + 1);
    const revision = '1';
    await publish({ b: { every: '1m' } }, { startedMs: 2 });
    await one.jobs.step({ nowMs: NOW + 60_000, revision, held: false, rubyChanged: false });
    expect(await queued('q')).toEqual([]);
    await run(one, NOW + 60_001);
    expect(Object.keys(await redis.client.hGetAll(keys.ticks))).toEqual(['b']);
  });

  test('another timing begins anew, another class does not', async () => {
    await publish({ a: { every: '1m' } });
    const one = leader('x.ts:1');
    await run(one, NOW + 1);
    await publish({ a: { every: '1m', class: 'New' } }, { startedMs: 2 });
    expect(await run(one, NOW + 59_000)).toBe(1000);
    await publish({ a: { every: '1h' } }, { startedMs: 3 });
    expect(await run(one, NOW + 60_001)).toBe(HOUR - 60_001);
    expect(await queued('q')).toEqual([]);
  });

  test('what was missed: told where it is not made up for', async () => {
    await publish({
      skip: { every: '1m', missed: 'skip' },
      once: { every: '1m' },
      all: { every: '1m', missed: 'all' },
    });
    const one = leader('x.ts:1');
    await run(one, NOW);
    one.jobs.forget();
    await run(one, NOW + 5 * 60_000 + 30_000);
    const count = async (name: string) => (await queued('q')).filter((text) => text === job(name)).length;
    expect([await count('skip'), await count('once'), await count('all')]).toEqual([0, 1, 5]);
    const missed = one.messages.flatMap((message) => (message.kind === 'missed' ? message.entry : []));
    expect(missed.sort()).toEqual(['once', 'skip']);
  });

  test('a thousand entries that are due at once go in calls of a few hundred, large ones in smaller ones', async () => {
    const names = Array.from({ length: 1000 }, (_, i) => `n${i}`);
    const large = 'x'.repeat(100_000);
    await publish({
      ...Object.fromEntries(names.map((name) => [name, { every: '1m' }])),
      ...Object.fromEntries(['l1', 'l2', 'l3', 'l4'].map((name) => [name, { every: '1m', queue: 'l', args: [large] }])),
    });
    const one = leader('x.ts:1');
    await run(one, NOW);
    await redis.client.sendCommand(['CONFIG', 'RESETSTAT']);
    await run(one, NOW + 60_000);
    expect((await queued('q')).length).toBe(1000);
    expect((await queued('l')).length).toBe(4);
    const calls = one.messages.filter(({ kind }) => kind === 'recurring').length;
    expect(calls).toBeGreaterThanOrEqual(6);
  });

  test('overlap skip: not while the job of an earlier tick waits or runs, which bears the lock', async () => {
    await publish({ a: { every: '1m', overlap: 'skip', expiresIn: 600 } });
    const one = leader('x.ts:1');
    await run(one, NOW + 1);
    await run(one, NOW + 60_000);
    await run(one, NOW + 120_000);
    const [payload, ...more] = await queued('q');
    expect(more).toEqual([]);
    const lock = readLock(Buffer.from(payload));
    if (lock === undefined) throw new Error('the job bears no lock');
    expect(JSON.parse(payload).tsworker.expires_at).toBe(NOW + 660_000);
    expect(await redis.client.get(keys.unique(lock.key))).toBe(lock.token);
    expect(await redis.client.pTTL(keys.unique(lock.key))).toBeGreaterThan(86_000_000);
    expect(one.messages).toContainEqual({ kind: 'overlapping', entry: 'a' });
    const store = testStore(connection, 'q');
    const claimed = await store.ackAndClaim([], [0]);
    await run(one, NOW + 180_000);
    expect(await queued('q')).toEqual([]);
    await store.ackAndClaim([{ claim: claimed.claims[0], outcome: { kind: 'done' } }], []);
    await run(one, NOW + 240_000);
    expect(await queued('q')).toHaveLength(1);
  });

  test('an entry whose queue is no list is told once, holds up nobody, and goes on when that is mended', async () => {
    await redis.client.set(keys.queue('wrong'), 'x');
    await publish({ a: { every: '1m', queue: 'wrong' }, b: { every: '1m' } });
    const one = leader('x.ts:1');
    await run(one, NOW + 1);
    await run(one, NOW + 60_000);
    await run(one, NOW + 66_000);
    expect(await queued('q')).toEqual([job('b')]);
    expect(one.messages.filter(({ kind }) => kind === 'schedule problem')).toEqual([
      { kind: 'schedule problem', message: expect.stringContaining('wrong') },
    ]);
    await redis.client.del(keys.queue('wrong'));
    await run(one, NOW + 71_000);
    expect(await queued('wrong')).toEqual([job('a')]);
  });

  test('sets and ticks that nobody of ours wrote stop nothing', async () => {
    await publish({ good: { every: '1m' } });
    await redis.client.hSet(keys.schedules, 'junk', 'x');
    const odd = {
      ...readEntry('odd', { every: '1m', queue: 'q' }, 'x'),
      timing: { cron: '99 * * * *', timezone: 'UTC' },
    };
    await redis.client.hSet(keys.schedules, 'odd', JSON.stringify({ entries: [odd, 5] }));
    await redis.client.hSet(keys.ticks, 'good', 'what?');
    await redis.client.set(keys.lastEnqueuedAt, 'x');
    const one = leader('x.ts:1');
    await run(one, NOW + 1);
    await run(one, NOW + 60_000);
    expect(await queued('q')).toEqual([job('good')]);
    expect(one.messages.filter(({ kind }) => kind === 'schedule problem')).toHaveLength(1);
  });
});

describe('a pause', () => {
  const NOW = Date.UTC(2026, 10, 24, 12);

  test('holds an entry from that instant on, and what was due meanwhile is not made up for', async () => {
    await publish({ a: { every: '1m' }, b: { every: '1m' } });
    const one = leader('x.ts:1');
    await run(one, NOW + 1);
    expect(await pauseSchedules(connection, keys, ['a'], true)).toEqual([true]);
    expect(await pauseSchedules(connection, keys, ['a'], true)).toEqual([false]);
    await run(one, NOW + 60_000);
    expect(await queued('q')).toEqual([job('b')]);
    expect(await pauseSchedules(connection, keys, ['a'], false)).toEqual([true]);
    await run(one, NOW + 90_000);
    expect(await queued('q')).toEqual([job('b')]);
    await run(one, NOW + 120_000);
    expect((await queued('q')).sort()).toEqual([job('a'), job('b'), job('b')]);
  });

  test('is heeded by a leader that has not heard of it', async () => {
    await publish({ a: { every: '1m' } });
    await redis.client.sAdd(keys.pausedSchedules, 'a');
    const change = { name: 'a', seen: '', value: 'v', ruby: false, queue: 'q', payloads: [job('a')] };
    expect(await changeTicks(connection, keys, [change], { revision: '1', locks: [], nowMs: 0 })).toEqual(['paused']);
    expect(await queued('q')).toEqual([]);
  });
});

describe('a Ruby scheduler beside us: the entries of its file and the dynamic ones are its own while it holds its lock', () => {
  const NOW = Date.UTC(2026, 10, 24, 12);

  test('ours go on; what it has enqueued is not enqueued again; what it has not is', async () => {
    await publish({ mine: { every: '1m' } });
    await publish({ done: { every: '1m' }, left: { every: '1m' } }, { app: 'ruby', ruby: true });
    const one = leader('x.ts:1');
    await run(one, NOW + 1);
    await redis.client.set(LOCKS[0], 'ruby1:1');
    await run(one, NOW + 60_000, { held: true });
    expect(await queued('q')).toEqual([job('mine')]);
    await redis.client.hSet(keys.lastEnqueuedAt, 'done', '2026-11-24 13:01:00 +0100');
    await redis.client.del(LOCKS[0]);
    await run(one, NOW + 61_000);
    expect(await queued('q')).toEqual([job('mine'), job('left')]);
  });

  test('its lock counts from the instant that it is taken', async () => {
    await publish({ theirs: { every: '1m' } }, { ruby: true });
    const one = leader('x.ts:1');
    await run(one, NOW + 1);
    await redis.client.set(LOCKS[0], 'ruby1:1');
    // It has not heard of the lock.
    await one.step(NOW + 60_000);
    expect(await queued('q')).toEqual([]);
  });

  test('dynamic entries are enqueued only where that is set, and changed ones are read anew', async () => {
    const set = (name: string, entry: object) =>
      redis.client.hSet(keys.persistentSchedules, name, JSON.stringify(entry));
    await set('dyn', { every: '1m', class: 'Dyn', queue: 'q' });
    await publish({ mine: { every: '1h' } });
    const one = leader('x.ts:1');
    await run(one, NOW + 1);
    await run(one, NOW + 60_000);
    expect(await queued('q')).toEqual([]);
    await publish({ mine: { every: '1h' } }, { startedMs: 2, dynamic: true });
    await run(one, NOW + 60_001);
    await run(one, NOW + 120_000);
    expect(await queued('q')).toEqual([job('Dyn')]);
    await set('more', { every: '1m', class: 'More', queue: 'q', args: ['x'] });
    await redis.client.hDel(keys.persistentSchedules, 'dyn');
    await redis.client.sAdd(keys.changedSchedules, ['dyn', 'more']);
    await run(one, NOW + 120_001, { rubyChanged: true });
    expect(await redis.client.exists(keys.changedSchedules)).toBe(0);
    await run(one, NOW + 180_000);
    expect(await queued('q')).toEqual([job('Dyn'), '{"class":"More","args":["x"]}']);
  });

  test('what was changed is left to it while it works', async () => {
    await publish({ mine: { every: '1h' } }, { dynamic: true });
    await redis.client.hSet(keys.persistentSchedules, 'dyn', '{"every":"1m","class":"Dyn","queue":"q"}');
    await redis.client.sAdd(keys.changedSchedules, 'dyn');
    await redis.client.set(LOCKS[0], 'ruby1:1');
    const one = leader('x.ts:1');
    await run(one, NOW + 60_000, { held: true, rubyChanged: true });
    expect(await redis.client.exists(keys.changedSchedules)).toBe(1);
    expect(await queued('q')).toEqual([]);
  });
});

test('of any order of steps, deaths, lost replies and publishing, each tick of a minute is enqueued once', async () => {
  const NOW = Date.UTC(2026, 10, 24, 12);
  const event = fc.oneof(
    fc.record({ kind: fc.constant('step' as const), who: fc.nat(2), lost: fc.boolean() }),
    fc.record({ kind: fc.constant('die' as const), who: fc.nat(2) }),
    fc.record({ kind: fc.constant('publish' as const), size: fc.nat(3) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 30 }), async (events) => {
      await redis.client.flushAll();
      await publish({ kept: { every: '1m', missed: 'all' } });
      await run(leader('first.ts:1'), NOW);
      const leaders = [0, 1, 2].map((i) => leader(`${i}.ts:1`));
      let now = NOW;
      let started = 2;
      for (const event of events) {
        now += 20_000;
        if (event.kind === 'die') leaders[event.who] = leader(`${event.who}.ts:${now}`);
        else if (event.kind === 'publish') {
          const others = Array.from({ length: event.size }, (_, i) => [`o${i}`, { every: '1h', queue: 'o' }] as const);
          await publish(
            { kept: { every: '1m', missed: 'all' }, ...Object.fromEntries(others) },
            { startedMs: started++ },
          );
        } else {
          const one = event.lost ? leader(`l.ts:${now}`, losingReplies(connection)) : leaders[event.who];
          for (let i = 0; i < 3; i++) await one.step(now).catch(() => one.jobs.forget());
        }
      }
      await run(leader('last.ts:1'), now);
      expect(await queued('q')).toHaveLength(Math.floor((now - NOW) / 60_000));
    }),
    { numRuns: 40 },
  );
});

/** Scripts run, and every other time their reply does not arrive. */
function losingReplies(inner: Connection): Connection {
  let calls = 0;
  return new Proxy(inner, {
    get(target, property) {
      const value = Reflect.get(target, property) as unknown;
      if (property !== 'send') return typeof value === 'function' ? value.bind(target) : value;
      return async (command: string[], ...more: unknown[]) => {
        const reply = await target.send(command, ...(more as []));
        if (/^EVAL/.test(command[0]) && calls++ % 2 === 0) throw new Error('the reply was lost');
        return reply;
      };
    },
  });
}

describe('the scheduler service', () => {
  async function start(name: string) {
    const messages: SchedulerMessage[] = [];
    let scheduler: Scheduler | undefined;
    const look = () => scheduler?.look();
    const own = await testConnection(redis.uri, { onInvalidate: look, onReady: look });
    scheduler = new Scheduler(own, { keys, name, locks: LOCKS, tell: (message) => messages.push(message) });
    const started = scheduler;
    onTestFinished(() => started.stop());
    await scheduler.start();
    return { scheduler, messages };
  }

  test('hears of what is published, and enqueues it when it is due; another goes on when it stops', async () => {
    const first = await start('x.ts:1');
    await until(async () => (await redis.client.get(keys.scheduler)) === 'x.ts:1');
    await publish({ a: { every: '1s', missed: 'all' } });
    await until(async () => (await queued('q')).length > 0, { what: 'a job' });
    await start('y.ts:2');
    await first.scheduler.stop();
    const before = (await queued('q')).length;
    await until(async () => (await queued('q')).length > before, { what: 'a job by the other' });
    const [, last = '0', , by] = ((await redis.client.hGet(keys.ticks, 'a')) ?? '').split(',');
    expect(by).toBe('y.ts:2');
    expect(Number(last) % 1000).toBe(0);
    expect(Number(last)).toBeLessThanOrEqual(await serverTimeMs(connection));
  });

  test('ours are enqueued also while a Ruby scheduler holds its lock and moves the delayed jobs', async () => {
    await redis.client.set(LOCKS[0], 'ruby1:1');
    await publish({ a: { every: '1s' } });
    const { messages } = await start('x.ts:1');
    await until(async () => (await queued('q')).length > 0, { what: 'a job' });
    expect(messages[0]).toEqual({ kind: 'standing by', holder: 'ruby1:1' });
  });
});
