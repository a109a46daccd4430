/** JavaScript modules loaded by Node itself: errors say what is wrong, where, and what would be right. */
import { expect, test } from 'vitest';
import { projectRoot, runCli, writeJobs } from '../support/cli.js';
import { tempDir } from '../support/reaper.js';
import { startRedis } from '../support/redis.js';

/** What `check` says of the modules; it goes on without a Redis. */
async function check(files: Readonly<Record<string, string>>): Promise<string> {
  const cwd = tempDir('modules');
  writeJobs(cwd, { 'package.json': '{}', ...files });
  const run = runCli(['check', '-queues=q', '-uri=redis://127.0.0.1:1'], { cwd });
  await run.exit();
  expect(run.stderr).toBe('');
  return run.stdout.replace(/\s*\n\s*/g, '\n');
}

test('bad syntax, a wrong import, an ES module in a CommonJS package, a package that is not there', async () => {
  const seen = await check({
    'package.json': '{ "type": "commonjs" }',
    'jobs/a.mjs': '\nexport const A = () => {;',
    'jobs/b.mjs': "import { gone } from './_x.mjs'; gone();",
    'jobs/_x.mjs': 'export const x = 1;',
    'jobs/c.js': 'export const teardown = () => {};',
    'jobs/d.mjs': "import lodash from 'lodash'; lodash();",
    'jobs/e.mjs': "import './_bad.mjs';",
    'jobs/_bad.mjs': 'let 5;',
    'jobs/f.mjs': 'export const F = () => 1;',
  });
  expect(seen).toMatch(
    /jobs\/a\.mjs does not load: SyntaxError: .* \(at jobs\/a\.mjs:2:\d+, in "export const A = .*"\)\nCorrect the syntax\.\n/,
  );
  expect(seen).toMatch(/jobs\/b\.mjs does not load: SyntaxError: .*gone.*\nCorrect the import\.\n/);
  expect(seen).toMatch(
    /jobs\/c\.js does not load: it is an ES module .*\nRename it to jobs\/c\.mjs \(or \.ts\), or set "type": "module" there\.\n/,
  );
  expect(seen).toMatch(/jobs\/d\.mjs does not load: .*'lodash'.*\npackage\.json names no package lodash: .*\n/);
  expect(seen).toMatch(
    /jobs\/e\.mjs does not load: SyntaxError: .*\nCorrect the syntax; the error is in a file that it imports\.\n/,
  );
  expect(seen).toContain('✓ jobs/f.mjs: F\n');
});

test("a failed job's backtrace shows the job's own frames, in Redis and in the log", async ({ onTestFinished }) => {
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const cwd = tempDir('modules');
  writeJobs(cwd, {
    'jobs/a.ts': `import { job, type JobContext } from 'tsworker';
      import { total } from '../_invoice.ts';
      export async function Late(this: JobContext, _queue: string): Promise<number> {
        await new Promise((resolve) => setTimeout(resolve, 1));
        return total();
      }
      export const typed = job({ class: 'Typed', perform: () => total() });
      const args = { '~standard': { version: 1 as const, vendor: 'x', validate: () => ({ issues: [{ message: 'no' }] }) } };
      export const checked = job({ class: 'Checked', args: args as never, perform() {} });`,
    '_invoice.ts':
      "\n\nexport function total(): number {\n  throw new Error('no rows', { cause: new Error('why') });\n}",
  });
  for (const name of ['Late', 'Typed', 'Checked'])
    await redis.client.rPush('resque:queue:q', `{"class":"${name}","args":[]}`);
  const worker = runCli(['-queues=q', `-uri=${redis.uri}`, '-exit-on-complete', '-concurrency=1'], { cwd });
  expect((await worker.exit()).code, worker.output).toBe(0);
  const entries = (await redis.client.lRange('resque:failed', 0, -1)).map((text) => JSON.parse(text));
  const files = (lines: readonly string[]) =>
    lines.map((line) => line.replace(/^.*\((.*)\)$/, '$1').replace(`${cwd}/`, ''));
  expect(entries.map(({ backtrace }) => files(backtrace))).toEqual([
    ['_invoice.ts:4', 'jobs/a.ts:5', 'caused by Error: why', '_invoice.ts:4', 'jobs/a.ts:5'],
    ['_invoice.ts:4', 'jobs/a.ts:7', 'caused by Error: why', '_invoice.ts:4', 'jobs/a.ts:7'],
    [expect.stringMatching(/^file:.*\/dist\/[\w-]+\.js:\d+:\d+$/)],
  ]);
  const stacks = worker.logs
    .filter((line) => line.msg === 'job failed')
    .map((line) => (line.err as { stack: string }).stack);
  expect(stacks).toHaveLength(3);
  for (const stack of stacks.slice(0, 2)) expect(stack).not.toMatch(new RegExp(`node:|${projectRoot}`));
});
