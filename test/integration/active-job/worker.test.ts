/** Rails jobs through Redis: run here, enqueued for Rails, shown by their own class everywhere. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { main } from '../../../src/cli/main.js';
import type { EngineEvents } from '../../../src/engine/events.js';
import {
  activeJob,
  cancelDelayed,
  close,
  delayed,
  deleteJobs,
  enqueueActiveJob,
  gid,
  keywords,
  setSettings,
  symbol,
} from '../../../src/index.js';
import type { JobContext } from '../../../src/job.js';
import { jobFunction } from '../../../src/job-modules/job.js';
import { createJudge } from '../../../src/job-modules/judge.js';
import { OutcomeHooks } from '../../../src/job-modules/outcome-hooks.js';
import { createPerform } from '../../../src/job-modules/perform.js';
import { FunctionRegistry } from '../../../src/job-modules/registry.js';
import { retryPolicy } from '../../../src/job-modules/retry-policy.js';
import { createKeys } from '../../../src/resque/keys.js';
import { WRAPPER } from '../../../src/resque/wrapper.js';
import { ACTIVE_JOB, AGAINST, rails } from '../../support/active-job/rails.js';
import { assertConserved, untilCounted } from '../../support/conservation.js';
import { testEngine } from '../../support/engine.js';
import { fakeIo } from '../../support/io.js';
import { tempDir } from '../../support/reaper.js';
import { startRedis, type TestRedis } from '../../support/redis.js';
import { NAMESPACE } from '../../support/store.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
  setSettings({ uri: redis.uri });
});
afterAll(() => redis.stop());
afterEach(() => close());
beforeEach(async () => {
  await redis.client.flushAll();
});

const folder = tempDir('active-job');
const keys = createKeys(NAMESPACE);
const payloads = (queue: string) => redis.client.lRange(keys.queue(queue), 0, -1);
const USER = '{"_aj_globalid":"gid://shop/User/42"}';

async function push(queue: string, ...jobs: string[]): Promise<string[]> {
  const pushed = jobs.map((hash) => `{"class":"${WRAPPER}","args":[${hash}]}`);
  await redis.client.sAdd(keys.queues, queue);
  await redis.client.rPush(keys.queue(queue), pushed);
  return pushed;
}

/** Works a queue with these typed jobs. */
async function work(queue: string, ...jobs: object[]): Promise<void> {
  const functions = new FunctionRegistry();
  for (const job of jobs) functions.add(jobFunction(job) as never, 'test');
  await workWith(queue, functions);
}

async function workWith(queue: string, functions: FunctionRegistry): Promise<void> {
  const log = pino({ enabled: false });
  const workerId = (slot: number) => `w:1-${slot}:${queue}`;
  const surroundings = { workerId, log, flags: {}, attempts: 1 };
  const outcomeHooks = OutcomeHooks.of(functions, surroundings);
  const perform = createPerform({ functions, useNumber: true, timeoutMs: 0, ...surroundings, outcomeHooks });
  const judge = createJudge({ functions, retry: retryPolicy(1, 'test'), workerId, log });
  const listen = (events: EngineEvents) =>
    void events.on('finished', (run, outcome) => outcomeHooks?.tell(run, outcome));
  await testEngine(redis.uri, perform, { queues: queue, judge, listen });
  await outcomeHooks?.ended();
}

async function run(line: string) {
  const io = fakeIo({ cwd: '/nowhere' });
  return { code: await main(line.split(' '), { REDIS_URL: redis.uri }, io), ...io.texts };
}

describe.skipIf(ACTIVE_JOB === '')(AGAINST, () => {
  test('what Rails enqueues is run here', async () => {
    const ran: unknown[] = [];
    const invoice = activeJob<[string, bigint, { format: string; at: Date }]>({
      class: 'InvoiceJob',
      globalId: ({ model, id }) => `${model} ${id}`,
      perform(...args) {
        const { queueName, executions, locale, timezone, enqueuedAt } = this.activeJob;
        ran.push(args, [queueName, executions, locale, timezone, enqueuedAt instanceof Date]);
      },
    });
    await redis.client.rPush(keys.queue('invoices'), rails('produce'));
    await work('invoices', invoice);
    await untilCounted(redis.client, { processed: 1 });
    const [args, told] = ran as [unknown[], unknown[]];
    expect(args.slice(0, 2)).toEqual(['User 42', 12_345_678_901_234_567_890n]);
    expect(JSON.stringify(args[2])).toBe('{"format":"pdf","at":"1970-01-01T00:00:00.000000005Z"}');
    expect(told).toEqual(['invoices', 1, 'en', 'Europe/Moscow', true]);
  });

  test('Rails runs what is enqueued here, its keyword arguments and records too', async () => {
    const invoice = activeJob<[object, bigint, { format: string; at?: Date }]>({
      ...{ class: 'InvoiceJob', queue: 'invoices' },
      perform() {},
    });
    await invoice.enqueue(gid('shop', 'User', 42), 2n ** 70n, keywords({ format: symbol('pdf') }));
    const more = { locale: 'en', timezone: 'Europe/Moscow' };
    await enqueueActiveJob({ class: 'Got', queue: 'invoices', arguments: [{ a: 1 }], keywords: { b: [2] }, ...more });
    await enqueueActiveJob({ class: 'Got', queue: 'invoices' });
    await enqueueActiveJob({ class: 'Got', queue: 'invoices', arguments: [gid('shop', 'User', 'nobody')] });
    await enqueueActiveJob({ class: 'Missing', queue: 'invoices' });
    expect(rails('perform', await payloads('invoices'))).toEqual([
      '[#<struct User id="42">, 1180591620717411303424, :pdf, nil]',
      '["Got", [{"a"=>1}], {:b=>[2]}, String, 1, "en", "Europe/Moscow"]',
      '["Got", [], {}, String, 1, "en", "Europe/Moscow"]',
      "ActiveJob::DeserializationError: Error while trying to deserialize arguments: Couldn't find User with 'id'=nobody",
      'NameError: uninitialized constant Missing',
    ]);
  });

  test('a delayed one waits as resque-scheduler has it, and Rails runs it when it comes', async () => {
    const at = new Date('2100-01-01T00:00:00Z');
    const { status } = await enqueueActiveJob({ class: 'Got', queue: 'later', arguments: [1], at });
    expect(status).toBe('delayed');
    const [item] = await redis.client.lRange(keys.delayedAt(String(at.getTime() / 1000)), 0, -1);
    const { queue, ...payload } = JSON.parse(item) as { queue: string; args: [{ scheduled_at: string }] };
    expect(queue).toBe('later');
    expect(payload.args[0].scheduled_at).toBe('2100-01-01T00:00:00.000000000Z');
    expect(rails('perform', [JSON.stringify(payload)])).toEqual(['["Got", [1], {}, String, 1, "en", "Europe/Moscow"]']);
  });
});

test('what cannot be run fails by the name that Ruby gives it, its payload untouched', async () => {
  const a = activeJob({ class: 'A', globalId: () => undefined, perform() {} });
  const unknown = '{"job_class":"A","arguments":[{"_aj_serialized":"X"}],"own":1.0}';
  const reserved = '{"job_class":"A","arguments":[{"_aj_globalid":7}]}';
  const pushed = await push('q', '{"job_class":"Gone"}', unknown, reserved, `{"job_class":"A","arguments":[${USER}]}`);
  await push('q', '');
  await work('q', a);
  await untilCounted(redis.client, { failed: 5, processed: 0 });
  const entries = await redis.client.lRange(keys.failed, 0, -1);
  const byException = entries.map((entry) => (JSON.parse(entry) as { exception: string }).exception).sort();
  const unreadable = 'ActiveJob::DeserializationError';
  expect(byException).toEqual([unreadable, unreadable, unreadable, 'ActiveJob::UnknownJobClassError', 'ArgumentError']);
  for (const payload of pushed)
    expect(entries.filter((entry) => entry.includes(`"payload":${payload},`))).toHaveLength(1);
  // resque-web shows no page with such an entry: the bytes stand beside it.
  const empty = JSON.parse(entries.find((entry) => entry.includes('ArgumentError')) as string);
  expect(empty.payload.class).toBe('InvalidPayload');
  expect(Buffer.from(empty.payload_base64, 'base64').toString()).toBe(`{"class":"${WRAPPER}","args":[]}`);
});

test('it is tried again with the payload as it was; its runs count on', async () => {
  const seen: unknown[] = [];
  class OutOfPaper extends Error {
    static readonly rubyName = 'Printers::OutOfPaper';
  }
  const print = activeJob({
    class: 'PrintJob',
    retry: { attempts: 2, delay: 0.01 },
    perform(_id: number) {
      seen.push([this.activeJob.executions, this.attempt, this.activeJob.jobId]);
      throw new OutOfPaper('tray 2');
    },
  });
  const [payload] = await push('q', '{"job_class":"PrintJob","job_id":"j","arguments":[7],"executions":3}');
  await work('q', print);
  await untilCounted(redis.client, { failed: 1, retrying: 0 });
  expect(seen).toEqual([
    [4, 1, 'j'],
    [5, 2, 'j'],
  ]);
  const [entry] = await redis.client.lRange(keys.failed, 0, -1);
  expect(entry).toContain(`"payload":${payload},`);
  expect(JSON.parse(entry)).toMatchObject({ exception: 'Printers::OutOfPaper', error: 'tray 2', attempts: 2 });
  await assertConserved(redis.client, 1);
  const shown = await run('failed list -class=PrintJob -error=OutOfPaper -json');
  expect(JSON.parse(shown.out)).toMatchObject({ class: 'PrintJob', exception: 'Printers::OutOfPaper' });
});

test('a unique job of Rails keeps another of the same arguments out until it has ended', async () => {
  const job = { class: 'PrintJob', queue: 'q', arguments: [7], keywords: { format: symbol('pdf') }, unique: true };
  expect(await enqueueActiveJob(job)).toMatchObject({ status: 'enqueued' });
  expect(await enqueueActiveJob(job)).toMatchObject({ status: 'kept' });
  expect(await enqueueActiveJob({ ...job, arguments: [8] })).toMatchObject({ status: 'enqueued' });
  expect(await enqueueActiveJob({ ...job, class: 'Other' })).toMatchObject({ status: 'enqueued' });
  expect((await redis.client.keys('*unique:PrintJob:*')).length).toBe(2);
  await work('q', activeJob({ class: 'PrintJob', perform() {} }));
  await untilCounted(redis.client, { processed: 2, failed: 1 });
  expect(await enqueueActiveJob(job)).toMatchObject({ status: 'enqueued' });
});

test('middleware sees the job of Rails as any other, with its arguments decoded', async () => {
  const seen: unknown[] = [];
  const hooks = {
    beforePerform: (job: JobContext) => void seen.push(['before', job.class, job.args, job.activeJob?.jobId]),
    onFailure: (error: Error, job: JobContext) => void seen.push([error.message, job.class, job.args]),
  };
  const functions = new FunctionRegistry([{ origin: 'test', hooks }]);
  const typed = activeJob({
    class: 'PrintJob',
    globalId: async ({ id }) => `user ${id}`,
    perform(user: string) {
      throw new Error(`no paper for ${user}`);
    },
  });
  functions.add(jobFunction(typed) as never, 'test');
  await push('q', `{"job_class":"PrintJob","job_id":"j","arguments":[${USER}]}`);
  await workWith('q', functions);
  await untilCounted(redis.client, { failed: 1 });
  expect(seen).toEqual([
    ['before', 'PrintJob', ['user 42'], 'j'],
    ['no paper for user 42', 'PrintJob', ['user 42']],
  ]);
});

test('queues, delayed jobs and check show the class and the arguments of the job itself', async () => {
  const hash = `{"job_class":"PrintJob","job_id":"j","arguments":[${USER},{"format":{"_aj_serialized":"ActiveJob::Serializers::SymbolSerializer","value":"pdf"},"_aj_ruby2_keywords":["format"]}]}`;
  await push('mail', hash, '{"job_class":"Other","arguments":[]}');
  const peeked = await run('queues peek mail -class=PrintJob');
  expect(peeked.out).toContain('PrintJob');
  expect(peeked.out).toContain('"gid://shop/User/42", {"format":"pdf"}'.replace(', ', ','));
  expect(peeked.out).not.toMatch(/Other|JobWrapper/);
  writeFileSync(join(folder, 'jobs.mjs'), 'export function PrintJob() {}');
  const checked = await run(`check -queues=mail -jobs=${join(folder, 'jobs.mjs')}`);
  expect(checked.out).toContain('the queue mail contains jobs of Other, which no job module registers');
  const match = { class: 'PrintJob', args: ['gid://shop/User/42', { format: 'pdf' }] };
  await enqueueActiveJob({
    ...{ class: 'PrintJob', queue: 'mail', arguments: [gid('shop', 'User', 42)], keywords: { format: symbol('pdf') } },
    in: 600,
  });
  const waiting = [];
  for await (const { class: name, args } of delayed({ class: 'PrintJob' })) waiting.push([name, JSON.stringify(args)]);
  expect(waiting).toEqual([['PrintJob', '["gid://shop/User/42",{"format":"pdf"}]']]);
  expect(await cancelDelayed({ ...match, args: [1] })).toBe(0);
  expect(await cancelDelayed(match)).toBe(1);
  expect(await deleteJobs('mail', match)).toBe(1);
  expect(await payloads('mail')).toHaveLength(1);
});
