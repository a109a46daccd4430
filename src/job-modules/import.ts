/** Imports one job module: JavaScript as Node does, TypeScript with a compiler. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';
import type { ModuleCache } from 'jiti';
import { TsworkerError } from '../errors.js';
import type { Exports } from '../typescript/import.js';
import type { ModuleFile } from './files.js';

export type { Exports };

/** Returns the exports of `tsworker` itself; called only if a TypeScript module is imported. */
export type SelfImport = () => Promise<Exports>;

/** Imports one module after the other. */
export type ImportModule = (file: ModuleFile) => Promise<Exports>;

/** As with Node's modules, there is one instance of each in a process, however often job modules are loaded. */
const evaluated: ModuleCache = {};

/**
 * @param self what `import … from 'tsworker'` gives a TypeScript module: the running library, never a second copy
 */
export function moduleImporter(self: SelfImport): ImportModule {
  let typescript: Promise<(file: string) => Promise<Exports>> | undefined;
  const start = async () => {
    const [{ typeScriptImporter }, tsworker] = await Promise.all([import('../typescript/import.js'), self()]);
    return typeScriptImporter({ tsworker, modules: evaluated });
  };
  return async (file) => {
    if (!/\.[cm]?ts$/.test(file.path)) return importNative(file);
    typescript ??= start();
    return (await typescript)(file.path);
  };
}

/** For a CommonJS module Node has only the named exports that it finds in the text; `module.exports` has all. */
async function importNative({ path: file, name }: ModuleFile): Promise<Exports> {
  refuseMislabelled(file, name);
  const module = (await import(pathToFileURL(file).href)) as Exports;
  const common: unknown = createRequire(import.meta.url).cache[file]?.exports;
  if (common === undefined || common !== module.default || typeof common !== 'object') return module;
  return { ...common, ...module };
}

/** With `"type": "commonjs"`, which npm init writes, `export` is an error, and Node's message does not say how to fix it. */
function refuseMislabelled(file: string, name: string): void {
  if (path.extname(file) !== '.js') return;
  const manifest = nearestManifest(path.dirname(file));
  if (manifest?.type !== 'commonjs') return;
  const source = readFileSync(file, 'utf8');
  if (!/^\s*(?:export|import)\b/m.test(source) || isCommonJs(source)) return;
  throw new TsworkerError('JOBS', `it is an ES module (export, import), but ${manifest.path} says "type": "commonjs"`, {
    hint: `Rename it to ${name.replace(/\.js$/, '.mjs')} (or .ts), or set "type": "module" there.`,
  });
}

function isCommonJs(source: string): boolean {
  try {
    new Script(`(function (exports, require, module, __filename, __dirname) {${source}\n})`);
    return true;
  } catch {
    return false;
  }
}

export interface Manifest {
  readonly path: string;
  readonly type: unknown;
  /** The names of all dependencies of the project. */
  readonly dependencies: ReadonlySet<string>;
}

/** The package.json that applies to a folder. */
export function nearestManifest(folder: string): Manifest | undefined {
  const file = path.join(folder, 'package.json');
  const above = path.dirname(folder);
  try {
    const content = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    const fields = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'];
    const dependencies = new Set(fields.flatMap((field) => Object.keys(content[field] ?? {})));
    return { path: file, type: content.type, dependencies };
  } catch {
    return above === folder ? undefined : nearestManifest(above);
  }
}
