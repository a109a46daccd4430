/**
 * The states of a worker that its records do not show: blocked, paused, reloading. In Redis, the log, and over HTTP.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type TestContext, test } from 'vitest';
import { connect } from '../../src/redis/connect.js';
import { type ProcessState, readProcessStates } from '../../src/registry/processes/process-state.js';
import { createKeys } from '../../src/resque/keys.js';
import { type CliRun, childrenOf, writeJobs } from '../support/cli.js';
import { leftoverKeys } from '../support/conservation.js';
import { tempDir } from '../support/reaper.js';
import { startScene } from '../support/scene.js';
import { until } from '../support/until.js';

async function prepare(context: TestContext) {
  const gate = join(tempDir('gate'), 'open');
  const jobs = writeJobs(tempDir('jobs'), {
    'j.mjs': `
      import { existsSync } from 'node:fs';
      export const Say = () => {};
      export const Block = (queue, file) => { while (!existsSync(file)); };
      export const Hold = async (queue, file) => {
        while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 20));
      };
    `,
  });
  const scene = await startScene(context, jobs, ['-interval=3600', '-heartbeat=0.2', '-http=127.0.0.1:0']);
  const { uri } = scene.redis;
  const connection = await connect({ uri, name: 'test', silenceMs: 0 }, uri, {});
  context.onTestFinished(() => connection.close());
  const states = async () => [...(await readProcessStates(connection, createKeys('resque:')))];
  const start = async (...flags: string[]) => {
    const worker = scene.start(...flags);
    await worker.waitForLog('tsworker started');
    const url = String(worker.logs.find((line) => line.url !== undefined)?.url);
    const ready = async () => (await fetch(`${url}/readyz`)).json() as Promise<{ ready: boolean }>;
    await until(async () => (await ready()).ready === true);
    const metric = async (name: string) =>
      Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(await (await fetch(`${url}/metrics`)).text())?.[1]);
    return { worker, ready, metric };
  };
  return { ...scene, gate, release: () => writeFileSync(gate, ''), states, start };
}

const named = (worker: CliRun, [name]: [string, ProcessState]) =>
  Number(name.split(':')[1]) === childrenOf(worker.pid)[0];

async function stop(worker: CliRun): Promise<void> {
  worker.signal('SIGTERM');
  expect((await worker.exit()).code, worker.output).toBe(0);
}

test.concurrent('a job that blocks its process, with no limit on it: since when, what it runs, and that it is over', async (context) => {
  const { redis, push, counted, gate, release, states, start } = await prepare(context);
  const { worker, ready, metric } = await start('-concurrency=2');
  const before = Date.now();
  await push('Block', gate);
  await counted({ claimed: 1 });
  const [state] = await until(async () => ((await states()).length === 1 ? await states() : undefined));
  expect(named(worker, state)).toBe(true);
  expect(state[1]).toMatchObject({ paused: false, draining: false });
  expect(state[1].blockedSince).toBeGreaterThanOrEqual(before - 1000);
  expect(await ready()).toMatchObject({ ready: false, blocked: true });
  expect(await metric('tsworker_blocked_processes')).toBe(1);
  worker.signal('SIGTTIN');
  const { child } = await worker.waitForLog((line) =>
    String(line.msg).startsWith('a child process does not answer: one'),
  );
  expect(await worker.waitForLog('running')).toMatchObject({ child, queue: 'q', class: 'Block' });
  release();
  await until(async () => (await states()).length === 0);
  await until(async () => (await ready()).ready === true);
  expect(await metric('tsworker_blocked_processes')).toBe(0);
  await stop(worker);
  expect(await leftoverKeys(redis.client)).toEqual([]);
});

test.concurrent.for([['-processes=1'], ['-connections=1']])('a pause by a signal: %s', async ([flag], context) => {
  const { redis, states, start } = await prepare(context);
  const { worker, ready, metric } = await start('-concurrency=2', flag);
  worker.signal('SIGUSR2');
  await until(async () => (await states())[0]?.[1].paused === true);
  expect(await ready()).toMatchObject({ ready: false, paused: true });
  expect(await metric('tsworker_paused')).toBe(1);
  worker.signal('SIGCONT');
  await until(async () => (await states()).length === 0);
  expect(await ready()).toMatchObject({ ready: true, paused: false });
  await stop(worker);
  expect(await leftoverKeys(redis.client)).toEqual([]);
});

test.concurrent('a reload that waits, and a child that drains; one that died paused leaves nothing', async (context) => {
  const { redis, push, counted, gate, release, states, start } = await prepare(context);
  const { worker, metric } = await start('-concurrency=2', '-connections=2');
  await push('Hold', gate);
  await counted({ claimed: 1 });
  worker.signal('SIGHUP');
  await until(async () => (await states())[0]?.[1].draining === true);
  expect((await states())[0][1]).toMatchObject({ paused: false, reload: { replaced: 0, total: 1 } });
  expect(await metric('tsworker_reloading')).toBe(1);
  expect(await metric('tsworker_draining_processes')).toBe(1);
  worker.signal('SIGTTIN');
  await worker.waitForLog((line) =>
    /^reload: 0 of 1 replaced, waiting for pid \d+: 1 running job$/.test(String(line.msg)),
  );
  expect(existsSync(gate)).toBe(false);
  release();
  await until(async () => (await metric('tsworker_reloading')) === 0 && (await states()).length === 0);
  worker.signal('SIGUSR2');
  await until(async () => (await states())[0]?.[1].paused === true);
  const [victim] = childrenOf(worker.pid);
  process.kill(victim, 'SIGKILL');
  await until(async () => {
    const names = (await states()).map(([name]) => name);
    return names.length === 1 && !names[0].endsWith(`:${victim}`);
  });
  await stop(worker);
  expect(await leftoverKeys(redis.client)).toEqual([]);
});
