/** `classes` of the configuration: what it accepts, which options a class gets, and what takes precedence. */
import { realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readConfigFile } from '../../../src/config/file.js';
import { ClassPolicies } from '../../../src/job-modules/class-policies.js';
import { configProgram } from '../../../src/job-modules/config-program.js';
import { job, jobFunction } from '../../../src/job-modules/job.js';
import { FunctionRegistry } from '../../../src/job-modules/registry.js';
import { retryPolicy } from '../../../src/job-modules/retry-policy.js';
import { tempDir } from '../../support/reaper.js';

const attempts = (policies: ClassPolicies, name: string) => policies.retryOf(name)?.attempts;

describe('which options a class gets', () => {
  const policies = new ClassPolicies({
    'Reports::*': { retry: 5 },
    'Reports::Daily': { retry: { attempts: 7, delay: [1, 2] } },
    '*::Daily': { retry: 9 },
    'A.*(b)': { retry: 3 },
    None: {},
  });

  test('a name goes before patterns, and of these the first', () => {
    const names = ['Reports::Weekly', 'Reports::Daily', 'Mail::Daily', 'Reports', 'None', 'Mail::Daily2'];
    expect(names.map((name) => attempts(policies, name))).toEqual([5, 7, 9, undefined, undefined, undefined]);
  });

  test('only the star is special', () => {
    expect(['A.x(b)', 'A.(b)', 'Axx(b)', 'A.xb'].map((name) => attempts(policies, name))).toEqual([
      3,
      3,
      undefined,
      undefined,
    ]);
  });

  test('those that match nothing are named', () => {
    expect(policies.unmatched(['Reports::Daily', 'None'])).toEqual(['A.*(b)']);
  });
});

test.each([
  [5, 'classes in c.ts must be an object'],
  [{ A: 5 }, 'classes in c.ts: "A" must have options'],
  [{ A: { rety: 5 } }, 'classes in c.ts: "A" has the unknown option "rety"'],
  [{ A: { retry: -1 } }, 'classes in c.ts: "A": retry must be a whole number of runs, 0 to 1000, not -1'],
  [{ 'R::*': { retry: { dely: 5 } } }, 'classes in c.ts: "R::*": retry has no option dely'],
])('%j is refused, with its place', (classes, message) => {
  expect(() => new ClassPolicies(classes, 'classes in c.ts')).toThrow(message);
});

test("a class's own options go first, then those of its module, then those of the configuration", () => {
  const registry = new FunctionRegistry([], new ClassPolicies({ '*': { retry: 3 } }));
  const own = job({ class: 'Own', retry: 9, perform: () => {} });
  const none = job({ class: 'None', retry: false, perform: () => {} });
  for (const one of [own, none]) registry.add(jobFunction(one) as never, 'a.ts');
  registry.add({ class: 'Module', fn: () => {}, retry: retryPolicy(7, '') }, 'a.ts');
  registry.add({ class: 'Plain', fn: () => {} }, 'a.ts');
  const found = ['Own', 'None', 'Module', 'Plain'].map((name) => registry.get(name)?.retry?.attempts);
  expect(found).toEqual([9, 1, 7, 3]);
});

describe('in a configuration file', () => {
  const folder = realpathSync(tempDir('classes'));
  const self = async () => ({ defineConfig: (config: unknown) => config });

  test('TypeScript: with functions and patterns', async () => {
    const text =
      "import { defineConfig } from 'tsworker';\nexport default defineConfig({ classes: { 'R::*': { retry: { delay: () => 5, on: /x/ } } } });\n";
    writeFileSync(join(folder, 'tsworker.config.ts'), text);
    const file = await readConfigFile(folder);
    expect(file).toMatchObject({ values: {}, program: join(folder, 'tsworker.config.ts') });
    const { classes, middleware } = await configProgram(file?.program ?? '', self);
    expect([classes?.retryOf('R::A')?.on, middleware]).toEqual([/x/, []]);
  });

  test('JSON holds no functions, so it is refused there', async () => {
    writeFileSync(join(folder, 'c.json'), '{"classes":{"A":{"retry":5}}}');
    await expect(readConfigFile(folder, 'c.json')).rejects.toMatchObject({
      code: 'USAGE',
      message: '"classes" in c.json: a file of this kind cannot hold functions',
    });
  });
});
