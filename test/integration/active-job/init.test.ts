/** `tsworker init -rails`: what it writes works, in both directions, with real ActiveJob where there is one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { main } from '../../../src/cli/main.js';
import { close, setSettings } from '../../../src/index.js';
import { loadJobs } from '../../../src/job-modules/load.js';
import { createPerform } from '../../../src/job-modules/perform.js';
import { createKeys } from '../../../src/resque/keys.js';
import { ACTIVE_JOB, AGAINST, rails } from '../../support/active-job/rails.js';
import { untilCounted } from '../../support/conservation.js';
import { testEngine } from '../../support/engine.js';
import { fakeIo } from '../../support/io.js';
import { tempDir } from '../../support/reaper.js';
import { startRedis, type TestRedis } from '../../support/redis.js';
import { NAMESPACE } from '../../support/store.js';

const keys = createKeys(NAMESPACE);
const folder = tempDir('init-rails');
const io = fakeIo({ cwd: folder });
let redis: TestRedis;
let code: number;
beforeAll(async () => {
  redis = await startRedis();
  setSettings({ uri: redis.uri });
  code = await main(['init', '-rails', '-json'], {}, io);
});
beforeEach(() => redis.client.flushAll());
afterAll(async () => {
  await close();
  await redis.stop();
});

test('writes the example with both sides, and a configuration for its queue', async () => {
  expect(code, io.texts.err).toBe(0);
  const { files, next } = JSON.parse(io.texts.out) as { files: { kind: string; file: string }[]; next: string[] };
  expect(files.map(({ kind, file }) => `${kind} ${file}`)).toEqual([
    'create package.json',
    'create jobs/welcome.ts',
    'create rails/app/jobs/welcome_job.rb',
    'create rails/app/jobs/welcomed_job.rb',
    'create tsworker.config.ts',
    'create tsconfig.json',
  ]);
  expect(next).toContain('cp rails/app/jobs/*.rb /path/to/rails/app/jobs/');
  expect(readFileSync(join(folder, 'tsworker.config.ts'), 'utf8')).toContain("queues: ['typescript'],");

  const again = fakeIo({ cwd: folder });
  expect(await main(['init', '-rails'], {}, again)).toBe(0);
  expect(again.texts.out.match(/^ {2}kept /gm)).toHaveLength(6);
});

describe.skipIf(ACTIVE_JOB === '')(AGAINST, () => {
  test('Rails enqueues, the example runs, and Rails runs what it enqueues', async () => {
    const ruby = ['welcome_job.rb', 'welcomed_job.rb'].map((file) => join(folder, 'rails/app/jobs', file));
    const pushed = rails('later', [], ["WelcomeJob.perform_later(User.find('42'), format: :html)", ...ruby]);
    await redis.client.rPush(keys.queue('typescript'), pushed);

    const self = () => import('../../../src/index.js');
    const { functions } = await loadJobs([join(folder, 'jobs')], { self });
    expect(functions.classes).toEqual(['WelcomeJob']);
    const log = pino({ enabled: false });
    const workerId = () => 'w:1-0:typescript';
    const perform = createPerform({ functions, useNumber: true, workerId, timeoutMs: 0, log, flags: {}, attempts: 1 });
    await testEngine(redis.uri, perform, { queues: 'typescript' });
    await untilCounted(redis.client, { processed: 1, queued: 1 });

    const back = await redis.client.lRange(keys.queue('rails'), 0, -1);
    expect(rails('perform', back, ruby).join('\n')).toContain('welcomed gid://shop/User/42 with :html');
  });
});
