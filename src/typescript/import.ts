/**
 * Imports TypeScript files with jiti, which needs no configuration and works on Node 20. Used for job modules and the
 * configuration file, and loaded only if there is such a file.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createJiti, type Jiti, type ModuleCache } from 'jiti';
import { cacheFolder } from './cache-folder.js';
import { asCompileError, refuseDecorators } from './compile-error.js';
import { tsconfigFor } from './tsconfig.js';

export type Exports = Readonly<Record<string, unknown>>;

export interface TypeScriptOptions {
  /** The exports that a file gets for `tsworker`: those of the running library, never of a second copy. */
  readonly tsworker: Exports;
  /**
   * The evaluated modules by path, shared by all importers. Not Node's own cache: with that one jiti would import a CommonJS
   * package that is already loaded as its `module.exports`, and not as Node does.
   */
  readonly modules: ModuleCache;
}

/** @returns a function that imports one file, given its real path; it rejects with CompileError if the file cannot be compiled */
export function typeScriptImporter({ tsworker, modules }: TypeScriptOptions): (file: string) => Promise<Exports> {
  // One for each tsconfig.json, which defines the path aliases of its modules.
  const compilers = new Map<string | undefined, Jiti>();
  const files = new Map<string, unknown>();
  const compilerFor = (file: string): Jiti => {
    const folder = path.dirname(file);
    const tsconfig = tsconfigFor(folder, files)?.withPaths;
    const known = compilers.get(tsconfig);
    if (known !== undefined) return known;
    const made = createJiti(file, {
      interopDefault: false,
      moduleCache: false,
      fsCache: cacheFolder(folder) ?? false,
      virtualModules: { tsworker },
      tsconfigPaths: tsconfig ?? false,
      transformOptions: { babel: { plugins: [refuseDecorators] } },
    });
    compilers.set(tsconfig, made);
    return made;
  };
  return async (file) => {
    const known = modules[file];
    if (known?.loaded) return known.exports as Exports;
    try {
      const source = await readFile(file, 'utf8');
      const how = { id: file, filename: file, ext: path.extname(file), async: true, cache: modules };
      return (await compilerFor(file).evalModule(source, how)) as Exports;
    } catch (thrown) {
      // A later import must not get a module that was evaluated only in part.
      for (const [name, module] of Object.entries(modules)) if (!module.loaded) delete modules[name];
      throw asCompileError(thrown) ?? thrown;
    }
  };
}
