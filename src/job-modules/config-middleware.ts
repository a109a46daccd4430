/** The middleware of a configuration file: the file is imported again, as a job module is, with the real package. */
import { realpath } from 'node:fs/promises';
import type { Layer } from '../middleware.js';
import { displayName } from './files.js';
import { moduleImporter, type SelfImport } from './import.js';
import { layersOf } from './middleware.js';
import { loadProblem } from './problem.js';

/** @throws TsworkerError JOBS if the file does not load, or what it has is no middleware */
export async function configMiddleware(file: string, self: SelfImport): Promise<readonly Layer[]> {
  const module = { path: await realpath(file), name: displayName(file) };
  const exports = await moduleImporter(self)(module).catch(async (thrown) => {
    throw await loadProblem(module, thrown, 'the middleware in');
  });
  const { middleware = [] } = (exports.default ?? {}) as { readonly middleware?: unknown };
  return layersOf(middleware, `middleware in ${module.name}`);
}
