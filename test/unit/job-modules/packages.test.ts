/**
 * The result of an import in a TypeScript job module is the same as in an ES module in Node, regardless of how the
 * package was loaded before. Compared with Node itself, by the same imports in JavaScript.
 */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { JobContext } from '../../../src/job.js';
import { loadJobs } from '../../../src/job-modules/load.js';
import { folderWith } from './folder.js';

const pkg = (name: string, files: Record<string, string>, manifest: object = {}) =>
  Object.fromEntries(
    Object.entries({ 'package.json': JSON.stringify({ name, main: 'index.js', ...manifest }), ...files }).map(
      ([file, text]) => [`node_modules/${name}/${file}`, text],
    ),
  );

const PACKAGES = {
  ...pkg('plain', { 'index.js': 'module.exports = function plain() {}; module.exports.extra = 1;' }),
  ...pkg('marked', {
    'index.js': 'Object.defineProperty(exports, "__esModule", { value: true }); exports.named = 1;',
  }),
  ...pkg('marked-default', {
    'index.js':
      'Object.defineProperty(exports, "__esModule", { value: true }); exports.default = 7; exports.named = 2;',
  }),
  ...pkg('esm', { 'index.js': 'export default 8; export const named = 3;' }, { type: 'module' }),
  ...pkg(
    'dual',
    {
      'a.mjs': 'export default "esm"; export const named = 4;',
      'b.cjs': 'exports.default = "cjs"; exports.named = 5;',
    },
    { exports: { '.': { import: './a.mjs', require: './b.cjs' }, './package.json': './package.json' } },
  ),
};
const NAMES = ['plain', 'marked', 'marked-default', 'esm', 'dual'];

/** Imports all packages in each way, and shows what came. */
const PROBE = [
  ...NAMES.map((name, i) => `import d${i} from '${name}'; import * as ns${i} from '${name}';`),
  "import { named } from 'marked'; import { extra } from 'plain'; import local from '../legacy.cjs';",
  "import data from '../data.json' with { type: 'json' };",
  `const show = (value) => JSON.stringify(value, (_k, v) => (typeof v === 'function' ? 'function ' + v.name : v));`,
  `const defaults = [${NAMES.map((_, i) => `d${i}`).join(', ')}, local, data].map(show);`,
  `const spaces = [${NAMES.map((_, i) => `ns${i}`).join(', ')}].map((ns) => Object.keys(ns).sort().join());`,
  'export const Probe = () => [...defaults, ...spaces, named, extra].join("\\n");',
].join('\n');

test('is what Node gives, in the first module and in the next', async () => {
  const folder = await folderWith({
    ...PACKAGES,
    'legacy.cjs': 'Object.defineProperty(exports, "__esModule", { value: true }); exports.old = 1;',
    'data.json': '{"a":1}',
    'jobs/a.ts': PROBE.replace('Probe', 'First'),
    'jobs/b.ts': PROBE.replace('Probe', 'Second'),
    'jobs/c.cts':
      'import type { JobContext } from "tsworker"; const fn = (_q: string): number => 1; export { fn as Cts };',
    'node/probe.mjs': `${PROBE}\nconsole.log(Probe());`,
  });
  const native = execFileSync(process.execPath, [path.join(folder, 'node/probe.mjs')], { encoding: 'utf8' }).trim();
  expect(native).toContain('{"default":7,"named":2}');
  const { functions } = await loadJobs([path.join(folder, 'jobs')], { self: async () => ({}) });
  expect(functions.classes).toEqual(['Cts', 'First', 'Second']);
  for (const name of ['First', 'Second']) expect(functions.get(name)?.fn.call({} as JobContext, 'q')).toBe(native);
});

test('a package that the worker uses itself is imported as by any other program', async () => {
  const folder = await folderWith({
    'a.ts': `import lev from '${path.resolve('node_modules/fastest-levenshtein/mod.js')}';
      export const Distance = () => lev.distance('ab', 'ac');`,
  });
  await import('fastest-levenshtein');
  const { functions } = await loadJobs([folder], { self: async () => ({}) });
  expect(functions.get('Distance')?.fn.call({} as JobContext, 'q')).toBe(1);
});

test('modules that import one file share it, also when they are loaded again', async () => {
  const folder = await folderWith({
    '_shared.ts': 'export const box: { n: number } = { n: 0 };',
    'a.ts': "import { box } from './_shared.js'; box.n++; export const A = () => box;",
    'b.ts':
      "import { box } from './_shared'; export const B = () => box; export const dynamic = () => import('./_shared.ts');",
  });
  const load = () => loadJobs([folder], { self: async () => ({}) });
  const [first, second] = [await load(), await load()];
  const box = first.functions.get('A')?.fn.call({} as JobContext, 'q');
  expect(box).toEqual({ n: 1 });
  expect(first.functions.get('B')?.fn.call({} as JobContext, 'q')).toBe(box);
  expect(second.functions.get('A')?.fn.call({} as JobContext, 'q')).toBe(box);
});
