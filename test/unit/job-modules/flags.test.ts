/** The flags of job modules: found without importing the rest, in every state of the modules. */
import path from 'node:path';
import { expect, test } from 'vitest';
import { findFlags } from '../../../src/job-modules/flags.js';
import { register } from '../../../src/job-modules/global-registrations.js';
import { loadJobs } from '../../../src/job-modules/load.js';
import { cacheFolder } from '../../../src/typescript/cache-folder.js';
import { folderWith } from './folder.js';

const options = { self: async () => ({ register }) };

test('finds flags of every module kind, and imports only modules that seem to have some', async () => {
  const folder = await folderWith({
    'a.ts': "export const flags = { region: { type: 'string', default: 'eu' } } as const;",
    'b.js': 'const flags = { dry: { type: "boolean" } }; export { flags };',
    'c.cjs': 'exports.flags = { depth: { type: "number" } };',
    'd.ts': 'throw new Error("imported");',
    'e.ts': 'export const flags = {}; throw new Error("fails");',
    'f.ts': 'export const flags = 5;',
  });
  expect(await findFlags([path.join(folder, 'nope'), folder, folder], options)).toEqual({
    region: { type: 'string', default: 'eu' },
    dry: { type: 'boolean' },
    depth: { type: 'number' },
  });
});

test('leaves what a module registers to the loader', async () => {
  const folder = await folderWith({
    'a.ts': "import { register } from 'tsworker'; register('A', () => 1); export const flags = { x: {} };",
  });
  expect(await findFlags([folder], options)).toEqual({ x: {} });
  expect((await loadJobs([], options)).functions.classes).toEqual([]);
  const { functions } = await loadJobs([folder], options);
  expect(functions.get('A')?.origin).toContain('a.ts');
});

test('keeps compiled modules only in a node_modules of our own', async () => {
  const folder = await folderWith({ 'node_modules/.keep': '', 'sub/x': '' });
  expect(cacheFolder(path.join(folder, 'sub'))).toContain(path.join(folder, 'node_modules', '.cache', 'tsworker'));
});
