/**
 * Reads the exports of a job module: classes, typed jobs, decoder, hooks, flags. Pure: registers nothing.
 */
import { TsworkerError } from '../errors.js';
import type { Decoder, FlagOptions, JobFunction, SetupContext } from '../job.js';
import type { Exports } from './import.js';
import { jobFunction } from './job.js';
import type { JobDefinition } from './registry.js';
import { type Retry, type RetryPolicy, retryPolicy } from './retry-policy.js';

export type SetupHook = (context: SetupContext) => unknown;
export type TeardownHook = () => unknown;

export interface ModuleContents {
  readonly functions: readonly JobDefinition[];
  readonly decoder: Decoder | undefined;
  readonly setup: SetupHook | undefined;
  readonly teardown: TeardownHook | undefined;
  readonly flags: Readonly<Record<string, FlagOptions>>;
  /** The defaults for all classes of the module. */
  readonly retry: RetryPolicy | undefined;
  /** Warnings about exports that look like jobs and are not used. */
  readonly warnings: readonly string[];
  /** Exports that are not jobs, with the reason, for the error message: `hello (begins with a small letter)`. */
  readonly unused: readonly string[];
}

const RESERVED = ['decoder', 'setup', 'teardown', 'flags', 'retry'];

/**
 * @param exports the module, as returned by import()
 * @param file names the module in errors and warnings
 * @throws TsworkerError JOBS if `decoder`, `setup`, `teardown`, `flags` or `retry` is invalid
 */
export function readExports(exports: Exports, file: string): ModuleContents {
  const functions: JobDefinition[] = [];
  const warnings: string[] = [];
  const unused: string[] = [];
  const retry = exports.retry === undefined ? undefined : retryPolicy(exports.retry as Retry, `the export of ${file}`);
  for (const name of Object.keys(exports).sort()) {
    if (RESERVED.includes(name)) continue;
    const value = exports[name];
    const job = jobFunction(value);
    if (job !== undefined) functions.push({ ...job, retry });
    else if (isClassName(name) && isPlainFunction(value)) functions.push({ class: name, fn: value, retry });
    else {
      if (looksMeant(name)) warnings.push(`${file}: the export ${name} ${whyUnused(name, value)}`);
      if (name !== 'module.exports') unused.push(seenAs(name, value));
    }
  }
  return {
    functions,
    retry,
    warnings,
    unused,
    decoder: functionExport(exports, 'decoder', file) as Decoder | undefined,
    setup: functionExport(exports, 'setup', file) as SetupHook | undefined,
    teardown: functionExport(exports, 'teardown', file) as TeardownHook | undefined,
    flags: flagsExport(exports, file),
  };
}

/** `MyClass`, and for string export names also `reports::Daily`. CommonJS adds `module.exports` as a name. */
function isClassName(name: string): boolean {
  return /^\p{Lu}/u.test(name) || name.includes('::');
}

/** A string export name that is not an identifier can only be a class. */
function looksMeant(name: string): boolean {
  return isClassName(name) || (!/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name) && name !== 'module.exports');
}

function whyUnused(name: string, value: unknown): string {
  if (typeof value !== 'function') return 'is not a function, so it registers no job';
  if (isClassName(name)) return 'is a class, so it registers no job: a job is a function';
  return `registers no job: a class begins with a capital (register('${name}', fn) takes any name)`;
}

function seenAs(name: string, value: unknown): string {
  if (typeof value !== 'function') return `${name} (no function)`;
  if (!isPlainFunction(value)) return `${name} (a class)`;
  return name === 'default' ? 'default (a function without a name for it)' : `${name} (begins with a small letter)`;
}

function isPlainFunction(value: unknown): value is JobFunction {
  return typeof value === 'function' && !/^class\b/.test(Function.prototype.toString.call(value));
}

function functionExport(exports: Exports, name: string, file: string): unknown {
  const value = exports[name];
  if (value === undefined || typeof value === 'function') return value;
  throw new TsworkerError('JOBS', `${file}: the export ${name} must be a function`, {
    hint: `Rename it if it is not meant for tsworker; ${RESERVED.join(', ')} are.`,
  });
}

/** The flags of the module, each an object of yargs options. */
export function flagsExport(exports: Exports, file: string): Readonly<Record<string, FlagOptions>> {
  const flags = exports.flags;
  if (flags === undefined) return {};
  if (isObject(flags) && Object.values(flags).every(isObject)) return flags as Record<string, FlagOptions>;
  throw new TsworkerError('JOBS', `${file}: the export flags must be an object of flag options`, {
    hint: "For example: export const flags = { region: { type: 'string', default: 'eu' } } as const",
  });
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
