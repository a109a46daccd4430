/**
 * Imports one job module: JavaScript natively, TypeScript through jiti, which needs no Node newer than 20 and no set-up.
 * jiti is loaded only when there is a TypeScript module. Knows nothing of what a module may export.
 */
import { accessSync, constants, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Jiti } from 'jiti';
import type { ModuleFile } from './files.js';

export type Exports = Readonly<Record<string, unknown>>;

/** Gives the exports of `tsworker` itself; called only when a TypeScript module is imported. */
export type SelfImport = () => Promise<Exports>;

/** Imports one module after the other. */
export type ImportModule = (file: ModuleFile) => Promise<Exports>;

/**
 * @param self what `import … from 'tsworker'` gives a TypeScript module: the running library, never a second copy
 */
export function moduleImporter(self: SelfImport): ImportModule {
  let jiti: Promise<Jiti> | undefined;
  return async (file) => {
    if (!/\.m?ts$/.test(file.path)) return importNative(file.path);
    jiti ??= makeJiti(self, path.dirname(file.path));
    return (await jiti).import<Exports>(file.path);
  };
}

async function makeJiti(self: SelfImport, project: string): Promise<Jiti> {
  const [{ createJiti }, tsworker] = await Promise.all([import('jiti'), self()]);
  return createJiti(import.meta.url, {
    interopDefault: false,
    fsCache: cacheFolder(project) ?? false,
    virtualModules: { tsworker },
  });
}

/** Of a CommonJS module Node sees only the named exports that it can guess from the text; `module.exports` has them all. */
async function importNative(file: string): Promise<Exports> {
  const module = (await import(pathToFileURL(file).href)) as Exports;
  const common: unknown = createRequire(import.meta.url).cache[file]?.exports;
  if (common === undefined || common !== module.default || typeof common !== 'object') return module;
  return { ...common, ...module };
}

/**
 * Where compiled modules may be kept: only in the node_modules of the project that the modules belong to, and only if nobody else can write there.
 * A shared folder such as /tmp would let any user of the machine put code into the worker.
 */
export function cacheFolder(from: string): string | undefined {
  for (let folder = from; ; folder = path.dirname(folder)) {
    const modules = path.join(folder, 'node_modules');
    const info = statSync(modules, { throwIfNoEntry: false });
    if (info?.isDirectory()) return isOurs(modules, info) ? path.join(modules, '.cache', 'tsworker') : undefined;
    if (path.dirname(folder) === folder) return undefined;
  }
}

function isOurs(folder: string, info: { uid: number; mode: number }): boolean {
  const othersMayWrite = (info.mode & 0o002) !== 0;
  if (othersMayWrite || (process.getuid !== undefined && info.uid !== process.getuid())) return false;
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
