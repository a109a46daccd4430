/** JavaScript modules as Node itself loads them: what is wrong with them, where, and what would be right. */
import { expect, test } from 'vitest';
import { runCli, writeJobs } from '../support/cli.js';
import { tempDir } from '../support/reaper.js';

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
