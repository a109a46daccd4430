/** Job modules that do not load, from real files: each error says where, why, and what would be right. */
import { expect, test } from 'vitest';
import { TsworkerError } from '../../../src/errors.js';
import { loadJobs } from '../../../src/job-modules/load.js';
import { folderWith } from './folder.js';

const self = async () => ({ job: (definition: unknown) => definition });

/** The problem of loading the folder's modules, without the folder's name. */
async function problemOf(files: Readonly<Record<string, string>>, below = ''): Promise<{ text: string; hint: string }> {
  const folder = await folderWith(files);
  const error: unknown = await loadJobs([`${folder}/${below}`], { self }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof TsworkerError) || error.code !== 'JOBS') throw new Error(`no JOBS error but ${String(error)}`);
  const short = (text: string) => text.replaceAll(`${folder}/`, '');
  return { text: short(error.message), hint: short(error.hint ?? '') };
}

test('bad syntax: the line and column of the file, and what is written there', async () => {
  expect(await problemOf({ 'a.ts': 'export function A( {\n  x y' })).toEqual({
    text: expect.stringMatching(/^the job module a\.ts does not load: SyntaxError: .* \(at a\.ts:2:5, in "x y"\)$/),
    hint: 'Correct the syntax.',
  });
  expect((await problemOf({ 'a.ts': 'const x = 1 +;' })).text).toContain('(at a.ts:1:14, in "const x = 1 +;")');
  expect((await problemOf({ 'a.ts': "import './_b.ts';", '_b.ts': '\n\nlet 5;' })).text).toMatch(
    /module a\.ts does not load: .*\(at _b\.ts:3:1/,
  );
});

test('what the code itself throws is not its syntax: the line, and no column of the compiled text', async () => {
  const parse = await problemOf({ 'a.ts': 'type T = number; export const A: T = JSON.parse("{");' });
  expect(parse.text).toMatch(/SyntaxError: .*JSON.* \(at a\.ts:1\)$/);
  expect(parse.hint).toBe('Correct the module, or begin its name with _ if it is no job module.');
  expect((await problemOf({ 'a.mjs': '  throw new RangeError("no");' })).text).toContain(
    'RangeError: no (at a.mjs:1:9)',
  );
});

const notFound = async (specifier: string, more: Readonly<Record<string, string>> = {}, file = 'a.ts') =>
  (await problemOf({ [`jobs/${file}`]: `import x from '${specifier}'; x();`, ...more }, 'jobs')).hint;

test('a module that is not there: nothing is proposed to be installed that the project does not name itself', async () => {
  expect(await notFound('./gone.js')).toBe('Correct the path of the import.');
  expect(await notFound('./gone.js', {}, 'a.mjs')).toBe('Correct the path of the import.');
  const manifest = { 'package.json': '{"type":"module","devDependencies":{"@acme/lib":"1"}}' };
  expect(await notFound('@acme/lib/deep', manifest)).toBe(
    'package.json names @acme/lib, but it is not installed: run npm install.',
  );
  for (const file of ['a.ts', 'a.mjs']) {
    for (const name of ['lodash', '@/db', '~/db', 'src/db', '@acme/other']) {
      const hint = await notFound(name, manifest, file);
      expect(hint).toMatch(/^package\.json names no package .*: add the package that is meant, or correct the import/);
      expect(hint).not.toContain('npm install');
    }
  }
  expect(await notFound('#db')).toMatch(/^Correct the import, or "imports" in package\.json/);
  expect(await notFound('#db', {}, 'a.mjs')).toMatch(/^Correct the import, or "imports" in package\.json/);
  expect(await notFound('tsworker', {}, 'a.mjs')).toContain('npm install tsworker');
});

const CONFIG =
  '{ // a comment\n "compilerOptions": { "paths": { "@lib/*": ["./src/lib/*"], "db": ["./src/db.ts"] } } }';

test('the paths of tsconfig.json are followed, and named where they lead nowhere', async () => {
  const folder = await folderWith({
    'tsconfig.json': CONFIG,
    'src/lib/y.ts': "import db from 'db'; export const y: number = db + 1;",
    'src/db.ts': 'export default 1;',
    'jobs/a.ts': "import { y } from '@lib/y'; import db from 'db'; export const A = () => [y, db];",
  });
  const { functions } = await loadJobs([`${folder}/jobs`], { self });
  expect(functions.get('A')?.fn.call({} as never, 'q')).toEqual([2, 1]);
  const config = { 'tsconfig.json': CONFIG };
  expect(await notFound('@lib/z', config)).toBe(
    'tsconfig.json maps @lib/* to ./src/lib/*, where there is no such file: correct either.',
  );
  expect(await notFound('@lib/y', { ...config, 'src/lib/y.ts': '' }, 'a.mjs')).toBe(
    'tsconfig.json maps @lib/*, but only for TypeScript: rename jobs/a.mjs to .ts, or import by a relative path.',
  );
});

test('a tsconfig.json that cannot be read keeps nothing from loading that needs no paths', async () => {
  const broken = { 'tsconfig.json': '{ "extends": "@tsconfig/node20/tsconfig.json" }' };
  const folder = await folderWith({ ...broken, 'jobs/a.ts': 'export const A = (): number => 1;' });
  expect((await loadJobs([`${folder}/jobs`], { self })).functions.classes).toEqual(['A']);
  expect(await notFound('@lib/y', broken)).toMatch(/^The paths of .*tsconfig\.json are not used, .*@tsconfig\/node20/);
});

test.each([
  ['of a field', 'class M { @column() name = 1; }'],
  ['of a method', 'class M { @log m() {} }'],
  ['of a class', '@entity class M {}'],
  ['of a parameter', 'class M { constructor(@inject() readonly x: number) {} }'],
])('a decorator %s is refused, wherever it is', async (_what, text) => {
  const { text: message, hint } = await problemOf({
    'a.ts': "import './_model.ts'; export const A = () => 1;",
    '_model.ts': `declare const column: any, log: any, entity: any, inject: any;\n${text}`,
  });
  expect(message).toMatch(
    /^the job module a\.ts does not load: decorators are not supported .* \(at _model\.ts:2:\d+, in "/,
  );
  expect(hint).toMatch(/^Compile the project first .*-jobs=dist\/jobs/);
});

test('an ES module in a package that says it is CommonJS', async () => {
  const files = { 'package.json': '{"type":"commonjs"}', 'a.js': 'export const A = () => 1;' };
  expect(await problemOf(files)).toEqual({
    text: 'the job module a.js does not load: it is an ES module (export, import), but package.json says "type": "commonjs"',
    hint: 'Rename it to a.mjs (or .ts), or set "type": "module" there.',
  });
  const common = { ...files, 'a.js': '/*\nexport\n*/\nexports.A = () => 1;' };
  const { functions } = await loadJobs([await folderWith(common)], { self });
  expect(functions.classes).toEqual(['A']);
});

test('a folder without jobs: what was seen in it', async () => {
  const { text, hint } = await problemOf(
    {
      'jobs/a.ts': 'export function hello() {} export default () => 1; export class Mailer {} export const LIMIT = 3;',
      'jobs/b.ts': '',
      'jobs/mail.tsx': 'export const Mail = () => <p/>;',
    },
    'jobs',
  );
  expect(text).toMatch(/jobs registers no class: /);
  expect(text).toContain(
    'jobs/a.ts exports LIMIT (no function), Mailer (a class), default (a function without a name for it), hello (begins with a small letter)',
  );
  expect(text).toContain('jobs/b.ts exports nothing; jobs/mail.tsx is left out, since modules with JSX are not read');
  expect(hint).toBe('Export a job(), or a function whose name begins with a capital.');
});

test('modules with JSX beside others are named in a warning', async () => {
  const folder = await folderWith({ 'a.ts': 'export const A = () => 1;', 'b.tsx': '', 'c.jsx': '', 'd.test.tsx': '' });
  const { warnings } = await loadJobs([folder], { self });
  expect(warnings.map((text) => text.replace(`${folder}/`, ''))).toEqual([
    'b.tsx is left out: modules with JSX are not read',
    'c.jsx is left out: modules with JSX are not read',
  ]);
});
