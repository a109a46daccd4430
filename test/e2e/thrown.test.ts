/** A job may throw any value at any time: that job fails, and the worker continues. */
import { beforeAll, expect, test } from 'vitest';
import { writeJobs } from '../support/cli.js';
import { assertConserved, untilCounted } from '../support/conservation.js';
import { tempDir } from '../support/reaper.js';
import { startScene } from '../support/scene.js';
import { GETTER, UNREADABLE, unreadable } from '../support/unreadable.js';
import { until } from '../support/until.js';

let jobs: string;
beforeAll(() => {
  jobs = writeJobs(tempDir('jobs'), {
    'jobs.mjs': `
      ${GETTER}
      const make = ${UNREADABLE};
      const never = () => new Promise(() => {});
      export function AtOnce(queue, kind) { throw make[kind](); }
      export async function Async(queue, kind) { await null; throw make[kind](); }
      export function Timer(queue, kind) { setTimeout(() => { throw make[kind](); }, 1); return never(); }
      export function Immediate(queue, kind) { setImmediate(() => { throw make[kind](); }); return never(); }
      export function Tick(queue, kind) { process.nextTick(() => { throw make[kind](); }); return never(); }
      export function Microtask(queue, kind) { queueMicrotask(() => { throw make[kind](); }); return never(); }
      export function Rejection(queue, kind) { Promise.reject(make[kind]()); return never(); }
      export function Late(queue, kind) { setTimeout(() => { throw make[kind](); }, 1); }
      export function Good() {}
    `,
  });
});

const kinds = Object.keys(unreadable);
const FAILING = ['AtOnce', 'Async', 'Timer', 'Immediate', 'Tick', 'Microtask', 'Rejection'];

test.for(['-connections=1', '-processes=1'])('with %s', { timeout: 120_000 }, async (flag, context) => {
  const { redis, start } = await startScene(context, jobs, ['-concurrency=8', flag]);
  const wanted = [...FAILING, 'Late'].flatMap((name) => kinds.map((kind) => ({ class: name, args: [kind] })));
  const payloads = wanted.map((job) => JSON.stringify(job));
  const run = start();
  await redis.client.multi().sAdd('resque:queues', 'q').rPush('resque:queue:q', payloads).exec();
  const failures = FAILING.length * kinds.length;
  await untilCounted(redis.client, { failed: failures, processed: kinds.length }, 100_000);
  const entries = (await redis.client.lRange('resque:failed', 0, -1)).map((text) => JSON.parse(text));
  const known = new Set(entries.map(({ payload }) => JSON.stringify(payload)));
  expect(payloads.filter((text) => !text.includes('Late') && !known.has(text))).toEqual([]);
  expect(Math.max(...entries.map((entry) => JSON.stringify(entry).length))).toBeLessThan(400_000);
  // Logged all, and the worker is as good as before.
  const late = () => run.logs.filter(({ msg }) => msg === 'late error: thrown by a job that had already ended').length;
  await until(() => late() === kinds.length, { what: 'late errors are logged' });
  expect(run.logs.filter(({ msg }) => msg === 'job failed')).toHaveLength(failures);
  expect(run.logs.filter(({ level }) => level > 50)).toEqual([]);
  await redis.client.rPush('resque:queue:q', '{"class":"Good","args":[]}');
  await untilCounted(redis.client, { processed: kinds.length + 1 });
  run.signal('SIGTERM');
  expect((await run.exit()).code).toBe(0);
  await assertConserved(redis.client, payloads.length + 1);
});
