/** A worker is also woken by its own pushes: -interval is an hour here. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, type TestContext, test } from 'vitest';
import { type CliRun, writeJobs } from '../support/cli.js';
import { assertConserved } from '../support/conservation.js';
import { tempDir } from '../support/reaper.js';
import { startScene } from '../support/scene.js';
import { until } from '../support/until.js';

let jobs: string;
beforeAll(() => {
  jobs = writeJobs(tempDir('jobs'), {
    'jobs.ts': `
      import { existsSync, writeFileSync } from 'node:fs';
      import { setTimeout as sleep } from 'node:timers/promises';
      import { enqueue } from 'tsworker';
      const untilThere = async (file: string) => { while (!existsSync(file)) await sleep(5); };
      export async function FansOut(queue: string, file: string) {
        await enqueue({ queue: 'q', class: 'Mark' });
        await untilThere(file);
      }
      /** Blocks the process that runs it first. */
      export async function OnlyOnce(queue: string, file: string) {
        if (existsSync(file)) return;
        writeFileSync(file, '');
        await sleep(3_600_000);
      }
      export function Mark() {}
      export const flags = { produce: { type: 'string' } };
      export function setup({ flags: { produce: file } }: any) {
        if (file) void untilThere(file).then(() => enqueue({ queue: 'q', class: 'Mark' }));
      }
    `,
  });
});

const scene = (context: TestContext, ...flags: string[]) =>
  startScene(context, jobs, ['-interval=3600', '-concurrency=4', ...flags]);
const idle = (run: CliRun) => run.waitForLog('tsworker started');

const WAYS = [['-connections=1'], ['-processes=1'], ['-processes=2']];

describe.concurrent.each(WAYS)('with %s', (...flags) => {
  test('a job that goes on running: its follow-up runs at once, and so does what others push later', async (context) => {
    const { redis, start, push, counted } = await scene(context, ...flags);
    const file = join(tempDir('go'), 'go');
    await idle(start());
    await push('FansOut', file);
    await counted({ processed: 1, claimed: 1 });
    await push('Mark');
    await counted({ processed: 2, claimed: 1 });
    writeFileSync(file, '');
    await counted({ processed: 3, claimed: 0 });
    await assertConserved(redis.client, 3);
  });

  test('a producer that setup began', async (context) => {
    const { start, push, counted } = await scene(context, ...flags);
    const file = join(tempDir('go'), 'go');
    const run = start(`-produce=${file}`);
    await idle(run);
    // It has looked, found nothing, and is watching.
    await push('Mark');
    await counted({ processed: 1 });
    writeFileSync(file, '');
    const children = flags[0] === '-processes=2' ? 2 : 1;
    await counted({ processed: 1 + children });
    await push('Mark');
    await counted({ processed: 2 + children });
  });

  test('job modules that enqueue while they load, are set up and are torn down do so where their worker is', async (context) => {
    const { redis, startWith, counted } = await scene(context, ...flags);
    const modules = writeJobs(tempDir('jobs'), {
      'jobs.ts': `
        import { enqueue, namespace } from 'tsworker';
        const mark = () => enqueue({ queue: 'q', class: 'Mark', args: [namespace()] });
        await mark();
        export const setup = mark;
        export const teardown = mark;
        export function Mark(queue: string, namespace: string) { if (namespace !== 'resque:') throw new Error(namespace); }
      `,
    });
    const run = startWith(modules);
    const children = flags[0] === '-processes=2' ? 2 : 1;
    await counted({ processed: 2 * children, queued: 0 });
    run.signal('SIGTERM');
    expect((await run.exit()).code).toBe(0);
    await assertConserved(redis.client, 3 * children);
  });

  test('a job that a dead worker leaves, put back by our own recovery', async (context) => {
    const { start, push, counted } = await scene(context, ...flags);
    const file = join(tempDir('once'), 'once');
    const dying = start('-label=other', '-heartbeat=0.1');
    await idle(dying);
    await push('OnlyOnce', file);
    await until(() => existsSync(file));
    await idle(start('-heartbeat=0.1', '-prune-after=1'));
    await dying.kill();
    await counted({ processed: 1, claimed: 0 });
    await push('Mark');
    await counted({ processed: 2 });
  });
});
