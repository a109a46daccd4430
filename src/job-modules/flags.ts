/**
 * The flags that job modules define, for `--help` and for parsing the command line. Reads the text of the modules first and
 * imports only those that seem to export `flags`, so help is fast. Reports no problems: the start of the worker does.
 */
import { readFile } from 'node:fs/promises';
import type { FlagOptions } from '../job.js';
import { flagsExport } from './exports.js';
import { findModules, type ModuleFile } from './files.js';
import { registrationsOf } from './global-registrations.js';
import { type ImportModule, moduleImporter } from './import.js';
import type { LoadOptions } from './load.js';

/**
 * Gives the flags of a module their types; returns its argument. A function with a parameter `flags` needs a type alias,
 * since `typeof flags` in its parameters would mean the parameter:
 * @example
 * export const flags = defineFlags({ region: { type: 'string', default: 'eu' } });
 * type Flags = typeof flags;
 * export function setup({ flags }: SetupContext<Flags>) {}
 */
export function defineFlags<const F extends Readonly<Record<string, FlagOptions>>>(flags: F): F {
  return flags;
}

const SEEMS_TO_EXPORT =
  /\bexport\s+(?:const|let|var)\s+flags\b|\bexport\s*\{[^}]*\bflags\b|\bexports\.flags\b|\bmodule\.exports\b[^;]*\bflags\b/;

/**
 * The flags of all modules; the first definition of each name counts. Never rejects: a missing path or a module that does
 * not load has no flags.
 */
export async function findFlags(paths: readonly string[], options: LoadOptions): Promise<Record<string, FlagOptions>> {
  const importModule = moduleImporter(options.self);
  const seen = new Set<string>();
  const flags = new Map<string, FlagOptions>();
  for (const given of paths) {
    const { files } = await findModules(given).catch(() => ({ files: [] as readonly ModuleFile[] }));
    for (const file of files.filter(({ path }) => !seen.has(path))) {
      seen.add(file.path);
      for (const [name, option] of Object.entries(await flagsOf(file, importModule))) {
        if (!flags.has(name)) flags.set(name, option);
      }
    }
  }
  return Object.fromEntries(flags);
}

async function flagsOf(file: ModuleFile, importModule: ImportModule): Promise<Readonly<Record<string, FlagOptions>>> {
  try {
    if (!SEEMS_TO_EXPORT.test(await readFile(file.path, 'utf8'))) return {};
    const { module } = await registrationsOf(file.path, () => importModule(file));
    return flagsExport(module, file.name);
  } catch {
    return {};
  }
}
