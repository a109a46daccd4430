/** A job that replaces globals and never restores them: its process continues, and ends at a stop signal. */
import { beforeAll, expect, test } from 'vitest';
import { writeJobs } from '../support/cli.js';
import { assertConserved } from '../support/conservation.js';
import { tempDir } from '../support/reaper.js';
import { startScene } from '../support/scene.js';

let jobs: string;
beforeAll(() => {
  jobs = writeJobs(tempDir('jobs'), {
    'jobs.mjs': `
      const nothing = () => ({ unref() {}, ref() {} });
      const replace = {
        /** As a fake clock does, when nobody moves it. */
        clock() {
          Object.assign(globalThis, { setTimeout: nothing, clearTimeout: nothing, setInterval: nothing, clearInterval: nothing });
          Object.assign(globalThis, { setImmediate: nothing, clearImmediate: nothing, queueMicrotask: nothing });
          const now = Date.now();
          const RealDate = Date;
          globalThis.Date = class extends RealDate { constructor(...all) { super(...(all.length > 0 ? all : [now])); } static now() { return now; } };
          Object.defineProperty(globalThis, 'performance', { value: { now: () => 0 } });
        },
        json() { globalThis.JSON = { parse() { throw new Error('no'); }, stringify() { throw new Error('no'); } }; },
        collections() { globalThis.Map = globalThis.Set = globalThis.WeakMap = class { constructor() { throw new Error('no'); } }; },
        controller() { globalThis.AbortController = undefined; },
        promise() { globalThis.Promise = class { constructor() { throw new Error('no'); } }; },
      };
      export function Replace(queue, what) { replace[what](); }
      export function Good() {}
      export function Bad() { throw new Error('bad'); }
      export async function Waits() { await new Promise((resolve) => this.signal.addEventListener('abort', resolve)); }
    `,
  });
});

const WAYS = [['-connections=1'], ['-processes=1']];

for (const flags of WAYS) {
  test.concurrent.for(['clock', 'promise', 'json', 'collections', 'controller'])(
    `%s (${flags})`,
    async (what, context) => {
      const { redis, start, push, counted } = await startScene(context, jobs, [
        '-concurrency=3',
        '-interval=3600',
        ...flags,
      ]);
      const run = start();
      await push('Replace', what);
      await counted({ processed: 1 });
      for (let n = 0; n < 20; n++) await push(n % 2 ? 'Good' : 'Bad');
      await counted({ processed: 11, failed: 10 });
      run.signal('SIGTERM');
      expect((await run.exit()).code).toBe(0);
      await assertConserved(redis.client, 21);
    },
  );
}
