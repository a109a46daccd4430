/** Middleware in programs: around the jobs of `work()`, and around what they enqueue. */
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import {
  close,
  defineMiddleware,
  type EnqueuedJob,
  enqueue,
  enqueueActiveJob,
  enqueueAt,
  enqueueIn,
  job,
  type Middleware,
  register,
  setSettings,
  symbol,
  work,
} from '../../../src/index.js';
import { startRedis, type TestRedis } from '../../support/redis.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
beforeEach(() => redis.client.flushAll());
afterEach(() => close());
afterAll(() => redis?.stop());

function use(...middleware: readonly Middleware[]): void {
  setSettings({ uri: redis.uri, middleware });
}

const queued = () => redis.client.lRange('resque:queue:q', 0, -1);
const bare = (name: string, ...args: unknown[]) => JSON.stringify({ class: name, args });

test('false vetoes: neither now nor later is such a job enqueued, and each result says what came of it', async () => {
  const told: string[] = [];
  const note = (name: string): Middleware => ({
    beforeEnqueue: ({ class: className, args, at }) =>
      void told.push(`${name} ${className} ${args} ${at === undefined}`),
    afterEnqueue: ({ class: className }) => told.push(`${name} after ${className}`),
  });
  const veto = defineMiddleware({ beforeEnqueue: async (one: EnqueuedJob) => one.args[0] !== 'no' });
  use(note('outer'), veto, note('inner'));
  const jobs = ['yes', 'no', 'yes'].map((word, i) => ({ queue: 'q', class: `J${i}`, args: [word] }));
  expect(await enqueue(jobs)).toEqual([{ status: 'enqueued' }, { status: 'vetoed' }, { status: 'enqueued' }]);
  expect(await queued()).toEqual([bare('J0', 'yes'), bare('J2', 'yes')]);
  expect(told).toEqual([
    ...['outer J0 yes true', 'inner J0 yes true', 'outer J1 no true', 'outer J2 yes true', 'inner J2 yes true'],
    ...['inner after J0', 'outer after J0', 'inner after J2', 'outer after J2'],
  ]);
  expect(await enqueue(jobs[1])).toEqual({ status: 'vetoed' });
  expect(await enqueueIn(60, jobs[1])).toEqual({ status: 'vetoed' });
  const at = new Date('2100-01-01T00:00:00Z');
  told.length = 0;
  expect(await enqueueAt(at, jobs.slice(0, 2))).toEqual([{ status: 'delayed', at }, { status: 'vetoed' }]);
  expect(told[0]).toBe('outer J0 yes false');
  const typed = job({ class: 'Typed', queue: 'q', perform: (_word: string) => {} });
  expect(await typed.enqueue('no')).toEqual({ status: 'vetoed' });
  expect(await typed.enqueueIn(5, 'no')).toEqual({ status: 'vetoed' });
  expect(await redis.client.zCard('resque:delayed_queue_schedule')).toBe(1);
  expect(await queued()).toHaveLength(2);
});

test('a job for Rails is shown with the class and the arguments of its own', async () => {
  const told: unknown[] = [];
  use({
    beforeEnqueue: ({ class: name, args }) => void told.push([name, args]),
    afterEnqueue: ({ class: name }) => told.push(name),
  });
  const job = { class: 'InvoiceJob', queue: 'q', arguments: [7], keywords: { format: symbol('pdf') } };
  await enqueueActiveJob(job);
  expect(told).toEqual([['InvoiceJob', [7, { format: 'pdf' }]], 'InvoiceJob']);
  use({ beforeEnqueue: ({ class: name }) => name !== 'InvoiceJob' });
  expect(await enqueueActiveJob(job)).toMatchObject({ status: 'vetoed' });
});

test('only false vetoes; an error rejects and enqueues nothing; one after it changes nothing', async () => {
  use({ beforeEnqueue: () => 0 });
  expect(await enqueue({ queue: 'q', class: 'J' })).toEqual({ status: 'enqueued' });
  use({
    beforeEnqueue: ({ class: name }) => {
      if (name === 'Bad') throw new Error('not now');
    },
  });
  const both = [
    { queue: 'q', class: 'Fine' },
    { queue: 'q', class: 'Bad' },
  ];
  await expect(enqueue(both)).rejects.toThrow('not now');
  expect(await queued()).toHaveLength(1);
  const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  use({ afterEnqueue: () => Promise.reject(new Error('too late')) });
  expect(await enqueue({ queue: 'q', class: 'J' })).toEqual({ status: 'enqueued' });
  expect(warnings).toHaveBeenCalledExactlyOnceWith(
    'the hook afterEnqueue of middleware in the settings threw an error: too late',
  );
  warnings.mockRestore();
  expect(await queued()).toHaveLength(2);
});

test('a unique job that is kept out was not enqueued', async () => {
  const after: string[] = [];
  use({ afterEnqueue: ({ class: name }) => after.push(name) });
  const one = { queue: 'q', class: 'Once', unique: true } as const;
  expect(await enqueue([one, one])).toEqual([{ status: 'enqueued' }, { status: 'kept' }]);
  expect(after).toEqual(['Once']);
});

test('wrong middleware changes no setting', () => {
  use({});
  expect(() => setSettings({ namespace: 'x:', middleware: { around_perform() {} } as Middleware })).toThrow(
    expect.objectContaining({ code: 'JOBS', message: expect.stringContaining('middleware in the settings') }),
  );
});

test('around the jobs of work(), and of what these enqueue', async () => {
  const told: string[] = [];
  use({});
  register('Outer', async () => {
    told.push(`Outer: ${(await enqueue({ queue: 'q', class: 'Inner', args: [told.length] })).status}`);
  });
  register('Inner', () => void told.push('Inner'));
  register('Breaks', () => {
    throw new Error('boom');
  });
  await enqueue([
    { queue: 'q', class: 'Outer' },
    { queue: 'q', class: 'Breaks' },
  ]);
  const logger = pino({ level: 'silent' });
  const middleware = defineMiddleware({
    around: async ({ class: name }, next) => {
      told.push(`before ${name}`);
      await next();
      told.push(`after ${name}`);
    },
    onExhausted: (error, { class: name }) => told.push(`${name}: ${error.message}`),
    beforeEnqueue: ({ class: name }) => void told.push(`enqueues ${name}`),
  });
  const one = { queues: ['q'], connections: 1, concurrency: 1, exitOnComplete: true, handleSignals: false, logger };
  expect(await work({ ...one, middleware })).toMatchObject({ exitCode: 0, processed: 2, failed: 1 });
  expect(told).toEqual([
    ...['before Outer', 'enqueues Inner', 'Outer: enqueued', 'after Outer'],
    ...['before Breaks', 'Breaks: boom'],
    ...['before Inner', 'Inner', 'after Inner'],
  ]);
});
