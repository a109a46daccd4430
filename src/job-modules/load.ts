/**
 * Loads job modules: finds the files, imports them one after the other, and collects their registrations. Errors name the
 * file. Runs no job and no hook.
 */
import { TsworkerError } from '../errors.js';
import type { Decoder, FlagOptions } from '../job.js';
import type { HookName, Layer } from '../middleware.js';
import type { ClassPolicies } from './class-policies.js';
import { type ModuleContents, readExports, type SetupHook, type TeardownHook } from './exports.js';
import { findModules, type JobFile, type JobsPath } from './files.js';
import { MiddlewareFiles } from './folder-middleware.js';
import { addAll, PROGRAM, programRegistrations, registrationsOf } from './global-registrations.js';
import { type ImportModule, moduleImporter, type SelfImport } from './import.js';
import { hooksIn } from './middleware.js';
import { loadProblem } from './problem.js';
import { FunctionRegistry } from './registry.js';

/** The `setup` and `teardown` of a job module, or of middleware. */
export interface ProcessHooks {
  readonly file: string;
  readonly setup: SetupHook | undefined;
  readonly teardown: TeardownHook | undefined;
}

/** The result: functions, hooks and flags of the job modules and the program. */
export interface JobModules {
  readonly functions: FunctionRegistry;
  readonly decoder: Decoder | undefined;
  /** In the order in which they were loaded: those of middleware before those of the modules that it covers. */
  readonly hooks: readonly ProcessHooks[];
  readonly flags: Readonly<Record<string, FlagOptions>>;
  /** Warnings for the log. */
  readonly warnings: readonly string[];
}

export interface LoadOptions {
  /** The exports of `tsworker`, for TypeScript modules that import it: `() => import('./index.js')`. */
  readonly self: SelfImport;
  /** The middleware of the configuration, which is around all jobs. Default none. */
  readonly middleware?: readonly Layer[];
  /** The options of classes in the configuration. Default none. */
  readonly classes?: ClassPolicies | undefined;
  /** Called for each loaded middleware file, before the modules that it covers. */
  readonly onMiddleware?: (file: string, hooks: readonly HookName[]) => void;
  /** Called for each loaded module, with its classes. */
  readonly onModule?: (file: string, classes: readonly string[]) => void;
  /** Called for errors that are otherwise thrown; loading continues with the next module or path. */
  readonly onProblem?: (problem: unknown) => void;
}

/**
 * Loads the job modules of the paths, and adds the registrations of the program. In the order of the paths, and by name
 * within a path; a file that is in two paths is loaded once.
 * @param paths directories and files; none for a program that registers its functions itself
 * @throws TsworkerError JOBS where a path is missing or registers no class, a module throws, or two register one class,
 *   a second decoder or one flag, or a middleware file exports none; the message names the files
 */
export async function loadJobs(paths: readonly string[], options: LoadOptions): Promise<JobModules> {
  const { middleware = [], classes } = options;
  const gathered = new Gathered(middleware, classes);
  addAll(gathered.functions, programRegistrations(), PROGRAM);
  const importModule = moduleImporter(options.self);
  const middlewareFiles = new MiddlewareFiles(importModule, (file, layers) => {
    gathered.addLayers(layers);
    options.onMiddleware?.(file, [...new Set(layers.flatMap(hooksIn))]);
  });
  const loaded = new Map<string, Loaded>();
  const load = async (file: JobFile) => {
    if (loaded.has(file.path)) return;
    const layers = [...middleware, ...(await middlewareFiles.layersFor(file))];
    const module = await loadModule(file, layers, importModule, gathered);
    loaded.set(file.path, module);
    options.onModule?.(file.name, module.classes);
  };
  for (const given of paths) await attempt(options, () => loadPath(given, load, loaded, gathered, options));
  return gathered.result();
}

type Load = (file: JobFile) => Promise<void>;

/** The result for one module. */
interface Loaded {
  readonly classes: readonly string[];
  readonly unused: readonly string[];
}

async function loadPath(
  given: string,
  load: Load,
  loaded: ReadonlyMap<string, Loaded>,
  gathered: Gathered,
  options: LoadOptions,
): Promise<void> {
  const found = await findModules(given);
  for (const name of found.unread) gathered.warn(`${name} is left out: modules with JSX are not read`);
  let sound = true;
  for (const file of found.files) sound = (await attempt(options, () => load(file))) && sound;
  if (sound) refuseEmpty(found, loaded);
}

/** @returns false if it threw and the error was reported */
async function attempt({ onProblem }: LoadOptions, action: () => Promise<void>): Promise<boolean> {
  try {
    await action();
    return true;
  } catch (error) {
    if (onProblem === undefined) throw error;
    onProblem(error);
    return false;
  }
}

async function loadModule(
  file: JobFile,
  layers: readonly Layer[],
  importModule: ImportModule,
  gathered: Gathered,
): Promise<Loaded> {
  const { module, registrations } = await registrationsOf(file.path, () => importModule(file)).catch(async (thrown) => {
    throw await loadProblem(file, thrown);
  });
  const contents = readExports(module, file.name);
  addAll(gathered.functions, registrations, file.name, { retry: contents.retry, layers });
  gathered.add(contents, file.name, layers);
  const registered = registrations.flatMap((one) => (one.kind === 'function' ? [one.class] : []));
  return { classes: [...contents.functions.map((one) => one.class), ...registered], unused: contents.unused };
}

function refuseEmpty({ given, files, unread }: JobsPath, loaded: ReadonlyMap<string, Loaded>): void {
  if (files.some((file) => (loaded.get(file.path)?.classes.length ?? 0) > 0)) return;
  const seen = files.map((file) => {
    const unused = loaded.get(file.path)?.unused ?? [];
    return `${file.name} exports ${unused.length === 0 ? 'nothing' : unused.slice(0, MAX_SEEN).join(', ')}`;
  });
  seen.push(...unread.map((name) => `${name} is left out, since modules with JSX are not read`));
  const looked = files.length === 0 ? 'holds no module' : 'registers no class';
  const shown = seen.slice(0, MAX_SEEN).join('; ');
  throw new TsworkerError('JOBS', `the jobs path ${given} ${looked}${shown === '' ? '' : `: ${shown}`}`, {
    hint: 'Export a job(), or a function whose name begins with a capital.',
  });
}

/** The files and exports that the error names. */
const MAX_SEEN = 5;

/** The result so far, with the origin of everything that may exist only once. */
class Gathered {
  readonly functions: FunctionRegistry;
  readonly #hooks: ProcessHooks[] = [];
  readonly #flags = new Map<string, { options: FlagOptions; origin: string }>();
  readonly #warnings: string[] = [];

  constructor(outermost: readonly Layer[], policies?: ClassPolicies) {
    this.functions = new FunctionRegistry(outermost, policies);
    this.addLayers(outermost);
  }

  addLayers(layers: readonly Layer[]): void {
    for (const { origin, hooks } of layers) {
      // Bound: a hook may use `this`.
      const { setup, teardown } = hooks;
      this.#addHooks({ setup: setup?.bind(hooks), teardown: teardown?.bind(hooks) }, origin);
    }
  }

  add(contents: ModuleContents, file: string, layers: readonly Layer[]): void {
    for (const definition of contents.functions) this.functions.add(definition, file, layers);
    if (contents.decoder !== undefined) this.functions.setDecoder(contents.decoder, file);
    for (const [name, options] of Object.entries(contents.flags)) this.#addFlag(name, options, file);
    this.#addHooks(contents, file);
    this.#warnings.push(...contents.warnings);
  }

  warn(text: string): void {
    this.#warnings.push(text);
  }

  result(): JobModules {
    const flags = Object.fromEntries([...this.#flags].map(([name, { options }]) => [name, options]));
    const { functions } = this;
    return { functions, decoder: functions.decoder, hooks: this.#hooks, flags, warnings: this.#warnings };
  }

  #addFlag(name: string, options: FlagOptions, origin: string): void {
    const other = this.#flags.get(name);
    if (other === undefined) this.#flags.set(name, { options, origin });
    else if (other.options !== options) {
      throw new TsworkerError('JOBS', `the flag ${name} is defined in ${other.origin} and in ${origin}`, {
        hint: 'Define it once, or export the same object from both.',
      });
    }
  }

  /** A hook that another module re-exports runs once. */
  #addHooks({ setup, teardown }: Pick<ModuleContents, 'setup' | 'teardown'>, file: string): void {
    const known = (hook: unknown): boolean => this.#hooks.some((h) => h.setup === hook || h.teardown === hook);
    const fresh = {
      file,
      setup: known(setup) ? undefined : setup,
      teardown: known(teardown) ? undefined : teardown,
    };
    if (fresh.setup !== undefined || fresh.teardown !== undefined) this.#hooks.push(fresh);
  }
}
