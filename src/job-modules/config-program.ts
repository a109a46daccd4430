/**
 * What a configuration file has besides settings: middleware, and options of classes. The file is imported again, as a job
 * module is, with the real package.
 */
import { realpath } from 'node:fs/promises';
import type { Layer } from '../middleware.js';
import { ClassPolicies } from './class-policies.js';
import { displayName } from './files.js';
import { moduleImporter, type SelfImport } from './import.js';
import { layersOf } from './middleware.js';
import { loadProblem } from './problem.js';

export interface ConfigProgram {
  readonly middleware: readonly Layer[];
  readonly classes: ClassPolicies | undefined;
}

/** @throws TsworkerError JOBS if the file does not load, or what it has is no middleware or no options of classes */
export async function configProgram(file: string, self: SelfImport): Promise<Required<ConfigProgram>> {
  const module = { path: await realpath(file), name: displayName(file) };
  const exports = await moduleImporter(self)(module).catch(async (thrown) => {
    throw await loadProblem(module, thrown, 'the middleware or the classes in');
  });
  const { middleware = [], classes } = (exports.default ?? {}) as Readonly<Record<'middleware' | 'classes', unknown>>;
  return {
    middleware: layersOf(middleware, `middleware in ${module.name}`),
    classes: new ClassPolicies(classes, `classes in ${module.name}`),
  };
}
