/** Cancelling one running job, and orders to a process, in every form of a worker. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type OrderReport, sendCancel, sendToProcess } from '../../src/inspect/orders.js';
import type { CancelAs } from '../../src/registry/control.js';
import { createKeys } from '../../src/resque/keys.js';
import { type CliRun, childrenOf, projectRoot, run, runCli, writeJobs } from '../support/cli.js';
import { assertConserved, pushJob, untilCounted } from '../support/conservation.js';
import { tempDir } from '../support/reaper.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { testConnection } from '../support/store.js';
import { until } from '../support/until.js';

let redis: TestRedis;
let gate: string;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  await redis.client.flushAll();
  gate = join(tempDir('gate'), 'open');
});

const keys = createKeys('resque:');
const JOBS = `
  import { existsSync } from 'node:fs';
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  // Rejects when its signal aborts, after an abort listener that throws.
  export function Polite() {
    const { signal, log } = this;
    signal.addEventListener('abort', () => { log.info('aborted'); throw new Error('of a listener'); });
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  }
  // Takes no notice of its signal; ends when the test makes the file.
  export async function Stubborn(queue, file) { while (!existsSync(file)) await pause(20); this.log.info('ended late'); }
  export function Blocks(queue, file) { while (!existsSync(file)); }
  export const Succeeds = function () {
    return new Promise((resolve) => this.signal.addEventListener('abort', resolve));
  };
  export const Quick = () => {};`;

type Form = 'supervisor' | 'single process' | 'program';
const FORMS: Form[] = ['supervisor', 'single process', 'program'];

async function start(form: Form, ...flags: string[]): Promise<CliRun> {
  const jobs = writeJobs(tempDir('jobs'), { 'j.mjs': JOBS });
  const worker =
    form === 'program'
      ? run(process.execPath, [
          '--input-type=module',
          '-e',
          `import { work } from '${join(projectRoot, 'dist/index.js')}';
           const { exitCode } = await work({ uri: '${redis.uri}', jobs: '${jobs}', queues: ['q'], interval: 3600, concurrency: 2 });
           process.exitCode = exitCode;`,
        ])
      : runCli([
          ...[`-uri=${redis.uri}`, `-jobs=${jobs}`, '-queues=q', '-interval=3600', '-concurrency=2'],
          ...(form === 'single process' ? ['-connections=1'] : []),
          ...flags,
        ]);
  await worker.waitForLog('tsworker started');
  return worker;
}

/** Starts one job, and returns the id of the worker that runs it. */
async function running(name: string, ...args: unknown[]): Promise<string> {
  const before = await working();
  await pushJob(redis.client, name, ...args);
  return await until(async () => (await working()).find((id) => !before.includes(id)));
}

async function working(): Promise<string[]> {
  const ids = await redis.client.sMembers('resque:workers');
  const records = await Promise.all(ids.map((id) => redis.client.get(`resque:worker:${id}`)));
  return ids.filter((_, i) => records[i] !== null);
}

async function cancel(id: string, as: CancelAs = 'fail', patienceMs?: number): Promise<OrderReport> {
  // A thread may need a moment until it listens.
  return await until(async () => {
    const report = await sendCancel(await testConnection(redis.uri), keys, id, as, patienceMs);
    return report.kind === 'nobody' ? undefined : report;
  });
}

const lastFailure = async () => JSON.parse(String(await redis.client.lIndex('resque:failed', -1)));

describe.each(FORMS)('%s', (form) => {
  test('a job that heeds its signal, one that does not, and one that succeeds; the slots are free then', async () => {
    const worker = await start(form);
    const polite = await running('Polite');
    expect(await cancel(polite, 'fail')).toMatchObject({ kind: 'answered', result: 'failed', killed: false });
    expect(await lastFailure()).toMatchObject({ exception: 'Cancel', error: 'cancelled by an operator', queue: 'q' });
    await worker.waitForLog('aborted');
    expect(await cancel(await running('Polite'), 'discard')).toMatchObject({ result: 'discarded' });
    await untilCounted(redis.client, { processed: 1, failed: 1, claimed: 0 });
    const stubborn = await running('Stubborn', gate);
    expect(await cancel(stubborn, 'discard')).toMatchObject({ result: 'discarded' });
    expect(await working()).toEqual([]);
    expect(await cancel(await running('Succeeds'), 'fail')).toMatchObject({ result: 'done' });
    // What the first one still does counts for nothing.
    writeFileSync(gate, '');
    await worker.waitForLog('ended late');
    await pushJob(redis.client, 'Quick');
    await untilCounted(redis.client, { processed: 4, failed: 1, claimed: 0 });
    worker.signal('SIGTERM');
    expect((await worker.exit()).code, worker.output).toBe(0);
  });

  test('requeued it runs again; the next job of the slot is never hit', async () => {
    const worker = await start(form);
    const id = await running('Stubborn', gate);
    const connection = await testConnection(redis.uri);
    const { token } = JSON.parse(String(await redis.client.get(`resque:worker:${id}`)));
    expect(await cancel(id, 'requeue')).toMatchObject({ result: 'requeued' });
    // Its next run has another token: an order for the first finds nothing.
    await untilCounted(redis.client, { claimed: 1 });
    const next = await until(async () => (await working())[0]);
    const order = { kind: 'cancel', id: 'late-order-1', slot: Number(/-(\d+):/.exec(next)?.[1]), token, as: 'fail' };
    const [name] = /^[^:]+:\d+/.exec(next) ?? [];
    expect(Number(await connection.send(['PUBLISH', keys.control(String(name)), JSON.stringify(order)]))).toBe(1);
    const answer = await until(() => redis.client.get(keys.answer('late-order-1')));
    expect(JSON.parse(String(answer))).toEqual({ result: 'gone' });
    expect(await redis.client.ttl(keys.answer('late-order-1'))).toBeGreaterThan(0);
    // Nor does what is no order do anything.
    for (const text of [
      'garbage',
      '{}',
      '"x"',
      JSON.stringify({ ...order, id: 'x' }),
      JSON.stringify({ ...order, slot: -1 }),
      'x'.repeat(5000),
    ])
      await connection.send(['PUBLISH', keys.control(String(name)), text]);
    expect(await working()).toHaveLength(1);
    writeFileSync(gate, '');
    await untilCounted(redis.client, { processed: 1, failed: 0, claimed: 0 });
    worker.signal('SIGTERM');
    expect((await worker.exit()).code, worker.output).toBe(0);
  });

  test('quiet, resume, and stop, which lets running jobs end', async () => {
    const worker = await start(form);
    await running('Stubborn', gate);
    const [name] = /^[^:]+:\d+/.exec((await working())[0]) ?? [];
    const tell = async (kind: 'quiet' | 'resume' | 'stop') =>
      until(async () => {
        const report = await sendToProcess(await testConnection(redis.uri), keys, String(name), kind);
        return report.kind === 'nobody' ? undefined : report;
      });
    expect(await tell('quiet')).toMatchObject({ kind: 'answered', result: 'accepted' });
    await worker.waitForLog((line) => String(line.msg).startsWith('paused by tsworker workers quiet'));
    await pushJob(redis.client, 'Quick');
    expect(await tell('resume')).toMatchObject({ result: 'accepted' });
    await untilCounted(redis.client, { processed: 1, claimed: 1 });
    expect(await tell('stop')).toMatchObject({ result: 'accepted' });
    // Twice is no second signal.
    await tell('stop').catch(() => {});
    await worker.waitForLog((line) => String(line.msg).startsWith('shutting down'));
    writeFileSync(gate, '');
    expect((await worker.exit()).code, worker.output).toBe(0);
    await untilCounted(redis.client, { processed: 2, failed: 0, claimed: 0 });
  });
});

test('a job that blocks its process: the supervisor ends it and kills the process; its other jobs run again', async () => {
  const worker = await start('supervisor', '-concurrency=2');
  const [child] = await until(() => (childrenOf(worker.pid).length > 0 ? childrenOf(worker.pid) : undefined));
  const other = await running('Stubborn', gate);
  const id = await running('Blocks', join(gate, 'never'));
  expect(id).not.toBe(other);
  expect(await cancel(id, 'fail')).toMatchObject({ kind: 'answered', result: 'failed', killed: true });
  expect(await lastFailure()).toMatchObject({ exception: 'Cancel', payload: { class: 'Blocks' } });
  await worker.waitForLog((line) =>
    String(line.msg).startsWith('killed a child process: a job that was to be cancelled'),
  );
  await until(() => !childrenOf(worker.pid).includes(child));
  writeFileSync(gate, '');
  await untilCounted(redis.client, { processed: 1, failed: 1, queued: 0, claimed: 0 });
  await assertConserved(redis.client, 2);
  worker.signal('SIGTERM');
  expect((await worker.exit()).code, worker.output).toBe(0);
});

test('without a supervisor a job that blocks its process is not cancelled, and the report says that it still runs', async () => {
  const worker = await start('program');
  // Until its thread listens.
  await cancel(await running('Polite'), 'discard');
  const id = await running('Blocks', gate);
  expect(await cancel(id, 'fail', 500)).toEqual({ kind: 'silent', holds: true });
  writeFileSync(gate, '');
  await untilCounted(redis.client, { processed: 2, claimed: 0 });
  worker.signal('SIGTERM');
  expect((await worker.exit()).code, worker.output).toBe(0);
});

test('the command waits, prints what came of it, and refuses the workers of other programs by name', async () => {
  const worker = await start('supervisor');
  const id = await running('Polite');
  const ask = async (...args: string[]) => {
    const cli = runCli(['workers', ...args, `-uri=${redis.uri}`]);
    const { code } = await cli.exit();
    return { code, text: cli.stdout + cli.stderr };
  };
  const short = id.replace(/:[^:]*$/, '');
  expect(await ask('cancel', short, '-as=discard')).toEqual({
    code: 0,
    text: `Polite of ${short} was cancelled: it counts as processed\n`,
  });
  expect(await ask('cancel', short)).toMatchObject({ code: 1, text: expect.stringContaining(`${id} runs no job`) });
  const ruby = 'web1:4711:q';
  await redis.client.sAdd('resque:workers', ruby);
  await redis.client.set(`resque:worker:${ruby}`, '{"queue":"q","run_at":"x","payload":{"class":"R","args":[]}}');
  const refused = await ask('cancel', ruby);
  expect(refused.code).toBe(1);
  expect(refused.text).toContain(`${ruby} belongs to another program`);
  expect(refused.text).toContain('kill -USR1 4711');
  const again = await running('Succeeds');
  const json = await ask('cancel', again, '-json');
  expect(json.code).toBe(1);
  expect(JSON.parse(json.text)).toEqual({
    worker: again,
    job: { queue: 'q', class: 'Succeeds' },
    result: 'done',
    killed: false,
  });
  const process = String(/^[^:]+:\d+/.exec(id)?.[0]);
  expect(await ask('quiet', process)).toMatchObject({ code: 0, text: expect.stringContaining('paused') });
  expect((await ask('list')).text).toMatch(/paused/);
  expect(await ask('stop', process)).toMatchObject({ code: 0, text: expect.stringContaining('shutting down') });
  expect((await worker.exit()).code, worker.output).toBe(0);
  expect(existsSync(gate)).toBe(false);
});
