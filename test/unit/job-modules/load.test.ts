/** Loading job modules from real files: what registers, what is skipped, what is rejected and with which message. */
import { symlink } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { TsworkerError } from '../../../src/errors.js';
import type { JobContext } from '../../../src/job.js';
import { register, registerDecoder } from '../../../src/job-modules/global-registrations.js';
import { job, jobFunction } from '../../../src/job-modules/job.js';
import { type JobModules, loadJobs } from '../../../src/job-modules/load.js';
import { loadProblem } from '../../../src/job-modules/problem.js';
import { asError } from '../../../src/thrown.js';
import { GETTER, UNREADABLE, unreadable } from '../../support/unreadable.js';
import { folderWith } from './folder.js';

const library = { register, registerDecoder, job };
const load = (...paths: string[]): Promise<JobModules> => loadJobs(paths, { self: async () => library });

async function problem(...paths: string[]): Promise<TsworkerError> {
  const error: unknown = await load(...paths).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof TsworkerError && error.code === 'JOBS') return error;
  throw new Error(`no JOBS error but ${String(error)}`);
}

const call = (modules: JobModules, name: string, ...args: unknown[]): unknown =>
  modules.functions.get(name)?.fn.call({} as JobContext, 'q', ...(args as never[]));

describe('what registers', () => {
  test('capitalised exports and string names, in TypeScript and JavaScript of every kind', async () => {
    const folder = await folderWith({
      'a.ts': `async function daily(queue: string): Promise<string> { return queue; }
        export { daily as 'Reports::Daily' };
        export function helper(): void {}
        export async function FromTs(_queue: string, n: number): Promise<number> { return n + 1; }`,
      'deep/er/b.mts': 'export const FromMts = (_q: string): string => "mts";',
      'c.js': 'export const FromJs = () => "js";',
      'd.mjs': 'export function FromMjs() { return "mjs"; }',
      'e.cjs': 'const all = {}; all["From" + "Cjs"] = () => "cjs"; module.exports = all;',
    });
    const modules = await load(folder);
    expect(modules.functions.classes).toEqual(['FromCjs', 'FromJs', 'FromMjs', 'FromMts', 'FromTs', 'Reports::Daily']);
    expect(await call(modules, 'Reports::Daily')).toBe('q');
    expect(await call(modules, 'FromTs', 1)).toBe(2);
    expect(call(modules, 'FromCjs')).toBe('cjs');
    expect(modules.warnings).toEqual([]);
    expect(modules.functions.get('FromMts')?.origin).toContain('b.mts');
  });

  test('skips tests, declarations, and names that begin with _ or .', async () => {
    const bad = 'throw new Error("loaded");';
    const folder = await folderWith({
      'ok.ts': 'export const Ok = () => 1;',
      'ok.test.ts': bad,
      'ok.spec.js': bad,
      '__tests__/x.ts': bad,
      'node_modules/x/index.js': bad,
      '_helper.ts': bad,
      '_more/x.ts': bad,
      '.hidden.ts': bad,
      'types.d.ts': bad,
      'note.md': bad,
      'data.tsv': bad,
    });
    expect((await load(folder)).functions.classes).toEqual(['Ok']);
  });

  test('hands TypeScript modules the running library, top-level await and relative imports', async () => {
    const folder = await folderWith({
      'a.ts': `import { register, registerDecoder, job, type JobContext } from 'tsworker';
        import { two } from './_lib/two.js';
        import { three } from './_lib/three';
        const five = await Promise.resolve(two + three);
        register('arch-ive', () => five);
        registerDecoder((payload) => ({ class: payload, args: [] }));
        export const anyName = job({ class: 'Typed', perform(this: JobContext, n: number) { return n * five; } });
        export default job({ class: 'Default', perform: () => 1 });`,
      '_lib/two.ts': 'export const two: number = 2;',
      '_lib/three.ts': 'export const three: number = 3;',
    });
    for (const modules of [await load(folder), await load(folder)]) {
      expect(modules.functions.classes).toEqual(['Default', 'Typed', 'arch-ive']);
      expect(call(modules, 'arch-ive')).toBe(5);
      expect(call(modules, 'Typed', 3)).toBe(15);
      expect(modules.functions.get('arch-ive')?.origin).toContain('a.ts');
      expect(modules.decoder?.('X')).toEqual({ class: 'X', args: [] });
    }
  });

  test('hooks, decoder and flags, in the order of the files', async () => {
    const folder = await folderWith({
      'a.ts':
        'export const A = () => 1; export const setup = () => {}; export const flags = { one: { type: "string" } };',
      'b.ts': 'export const B = () => 1; export function teardown() {} export const flags = { two: { default: 2 } };',
      'c.ts': 'export const decoder = (text: string) => ({ class: text, args: [] });',
    });
    const modules = await load(folder);
    expect(
      modules.hooks.map(({ file, setup, teardown }) => [path.basename(file), typeof setup, typeof teardown]),
    ).toEqual([
      ['a.ts', 'function', 'undefined'],
      ['b.ts', 'undefined', 'function'],
    ]);
    expect(modules.flags).toEqual({ one: { type: 'string' }, two: { default: 2 } });
    expect(modules.decoder?.('X').class).toBe('X');
  });

  test('warns of capitalised exports that are no jobs', async () => {
    const folder = await folderWith({
      'a.ts': `export const A = () => 1; export class Model { constructor(readonly id: number) {} }
        export const LIMIT = 3; const f = () => 1; export { f as 'my-job' };`,
    });
    const modules = await load(folder);
    expect(modules.functions.classes).toEqual(['A']);
    expect(modules.warnings).toHaveLength(3);
    expect(modules.warnings.join('\n')).toMatch(
      /LIMIT is not a function[\s\S]*Model is a class[\s\S]*my-job registers no/,
    );
  });

  test('takes each file once, whichever ways lead to it, and a barrel that exports again', async () => {
    const folder = await folderWith({
      'a.ts':
        "export const A = () => 1; export const setup = () => {}; export const flags = { x: { type: 'string' } };",
      'index.ts': "export * from './a.js';",
      'sub/b.ts': 'export const B = () => 1;',
    });
    await symlink(folder, path.join(folder, 'loop'));
    await symlink(path.join(folder, 'a.ts'), path.join(folder, 'link.ts'));
    const modules = await load(folder, folder, path.join(folder, 'sub'), path.join(folder, 'a.ts'));
    expect(modules.functions.classes).toEqual(['A', 'B']);
    expect(modules.hooks).toHaveLength(1);
  });

  test('takes a file that is named itself', async () => {
    const folder = await folderWith({
      '_one.ts': 'export const One = () => 1;',
      'two.ts': 'export const Two = () => 1;',
    });
    expect((await load(path.join(folder, '_one.ts'))).functions.classes).toEqual(['One']);
  });
});

describe('the program itself', () => {
  const slot = globalThis as unknown as Record<symbol, { program: unknown[] }>;
  afterEach(() => {
    slot[Symbol.for('tsworker.registrations')]?.program.splice(0);
  });

  test('registers too, before any module, and stays registered', async () => {
    register('Mine', () => 'mine');
    for (const modules of [await load(), await load()]) {
      expect(call(modules, 'Mine')).toBe('mine');
      expect(modules.functions.get('Mine')?.origin).toBe('this program');
    }
    const folder = await folderWith({ 'a.ts': 'export const Mine = () => 1;' });
    expect((await problem(folder)).message).toMatch(/the class Mine is registered in this program and in .*a\.ts/);
  });

  test('refuses what is no class or no function', () => {
    expect(() => register('', () => 1)).toThrow('needs a Resque class');
    expect(() => register('A', 5 as never)).toThrow('needs a function');
    expect(() => registerDecoder({} as never)).toThrow('needs a function');
  });
});

describe('what is refused', () => {
  test('a missing path, an empty one, one that registers nothing, one that is no module', async () => {
    const folder = await folderWith({ 'empty/note.md': '', 'idle/a.ts': 'export const x = 1;' });
    expect((await problem(path.join(folder, 'nope'))).message).toMatch(/nope does not exist/);
    expect((await problem(path.join(folder, 'empty'))).message).toMatch(/empty holds no module/);
    expect((await problem(path.join(folder, 'idle'))).message).toMatch(
      /idle registers no class: .*a\.ts exports x \(no function\)/,
    );
    expect((await problem(path.join(folder, 'package.json'))).message).toMatch(/package\.json is not a job module/);
  });

  test('two files with one class, a second decoder, one flag: both named', async () => {
    const classes = await folderWith({ 'a.ts': 'export const A = () => 1;', 'b.js': 'export const A = () => 2;' });
    expect((await problem(classes)).message).toMatch(/the class A is registered in .*a\.ts and in .*b\.js/);
    const decoders = await folderWith({
      'a.ts': 'export const A = () => 1; export const decoder = () => ({});',
      'b.ts': "import { registerDecoder } from 'tsworker'; registerDecoder(() => ({}) as never);",
    });
    expect((await problem(decoders)).message).toMatch(/the decoder is registered in .*a\.ts and in .*b\.ts/);
    const flags = await folderWith({
      'a.ts': 'export const A = () => 1; export const flags = { x: {} };',
      'b.ts': 'export const flags = { x: {} };',
    });
    expect((await problem(flags)).message).toMatch(/the flag x is defined in .*a\.ts and in .*b\.ts/);
  });

  test('a module that throws: file, reason, line', async () => {
    const folder = await folderWith({
      'a.ts': "import { x } from './_b.js';\n\nthrow new RangeError('no db' + x);",
      '_b.ts': 'export const x = 1;',
    });
    const { message, cause } = await problem(folder);
    expect(message).toMatch(/the job module .*a\.ts does not load: RangeError: no db1 \(at .*a\.ts:3\)/);
    expect(cause).toMatchObject({ name: 'RangeError' });
  });

  test('a hook, decoder or flags of the wrong type', async () => {
    const hook = await folderWith({ 'a.ts': 'export const A = () => 1; export const setup = 5;' });
    expect((await problem(hook)).message).toMatch(/a\.ts: the export setup must be a function/);
    const flags = await folderWith({ 'a.ts': 'export const A = () => 1; export const flags = [1];' });
    expect((await problem(flags)).message).toMatch(/a\.ts: the export flags must be an object/);
  });

  test('what is thrown need not be an error', async () => {
    const folder = await folderWith({ 'a.ts': "throw 'text';" });
    expect((await problem(folder)).message).toMatch(/does not load: text/);
  });

  test.each(Object.entries(unreadable))('what is thrown may be unreadable: %s', async (_kind, make) => {
    const { message, cause } = await loadProblem({ path: '/x/a.js', name: 'a.js' }, make());
    expect(message).toMatch(/^the job module a\.js does not load: /);
    expect(cause).toBe(asError(cause));
  });

  test.each(['a.ts', 'a.mjs', 'a.cjs'])('also where a loader stands between (%s)', async (file) => {
    const folder = await folderWith({ [file]: `${GETTER}; throw ${UNREADABLE}.throwingTraps();` });
    expect((await problem(folder)).message).toMatch(/does not load: /);
  });
});

test('job() objects of another copy of the package are recognized by their brand', () => {
  const fn = () => 1;
  expect(jobFunction({ class: 'X', [Symbol.for('tsworker.job')]: fn })).toEqual({ class: 'X', fn });
  expect(jobFunction({ class: 'X', perform: fn })).toBeUndefined();
});
