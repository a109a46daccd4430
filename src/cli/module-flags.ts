/** The flags that job modules declare: their syntax and their values. */

import type { Env } from '../config/load.js';
import { envName } from '../config/setting-definition.js';
import { readBoolean, readNumber } from '../config/value-parsers.js';
import { TsworkerError } from '../errors.js';
import type { FlagOptions } from '../job.js';
import type { Argv, FlagSpecs } from './argv.js';
import type { Command } from './command.js';
import { COMMANDS } from './commands.js';
import { specsOf } from './flags.js';

/** The flags of the job modules, by name. */
export type ModuleFlags = Readonly<Record<string, FlagOptions>>;

/**
 * The flags of the command and of the job modules.
 * @throws TsworkerError JOBS if a module uses a name of tsworker
 */
export function allSpecs(command: Command, flags: ModuleFlags): FlagSpecs {
  const specs = specsOf(command);
  const taken = specsOf(...COMMANDS.filter(({ modules }) => modules !== undefined));
  for (const [name, options] of Object.entries(flags)) {
    const type = typeOf(options);
    for (const spelling of spellings(name, options)) {
      if (taken.has(spelling)) {
        throw new TsworkerError('JOBS', `a job module declares the flag -${spelling}, which is tsworker's own`, {
          hint: 'give it another name',
        });
      }
      specs.set(spelling, { name, boolean: type === 'boolean' || type === 'count' });
    }
  }
  return specs;
}

/** A flag named dryRun is also accepted as -dry-run, as in yargs. */
function spellings(name: string, { alias = [] }: FlagOptions): string[] {
  return [name, kebab(name), ...(typeof alias === 'string' ? [alias] : alias)];
}

function kebab(name: string): string {
  return name.replaceAll(/([a-z\d])([A-Z])/g, (_, before: string, after: string) => `${before}-${after.toLowerCase()}`);
}

export function typeOf(options: FlagOptions): NonNullable<FlagOptions['type']> {
  if (options.type !== undefined) return options.type;
  const byDefault = Array.isArray(options.default) ? 'array' : typeof options.default;
  return byDefault === 'boolean' || byDefault === 'number' || byDefault === 'array' ? byDefault : 'string';
}

/** The given values of the job modules' flags, typed: from the command line, else from TSWORKER_<FLAG>. */
export function givenValues(flags: ModuleFlags, { given }: Argv, env: Env): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, options] of Object.entries(flags)) {
    const typed = given.get(name);
    const text = env[envName(name)];
    if (typed !== undefined) values[name] = readValue(options, typed, `-${name}`);
    else if (text)
      values[name] = readValue(options, typeOf(options) === 'array' ? text.split(',') : [text], envName(name));
  }
  return values;
}

function readValue(options: FlagOptions, values: readonly string[], origin: string): unknown {
  const last = values.at(-1) ?? '';
  switch (typeOf(options)) {
    case 'array':
      return values;
    case 'boolean':
      return readBoolean(last) ?? refuse(origin, 'true or false (or 1, 0, t, f)', last);
    case 'number':
      return readNumber(last) ?? refuse(origin, 'a number', last);
    case 'count':
      return countOf(values, origin);
    default:
      return last;
  }
}

/** `-loud -loud` is 2, and so is `-loud=2` or TSWORKER_LOUD=2: the environment cannot repeat itself. */
function countOf(values: readonly string[], origin: string): number {
  return values.reduce((sum, value) => {
    const one = value === 'true' ? 1 : readNumber(value);
    return sum + (one !== undefined && Number.isInteger(one) && one >= 0 ? one : refuse(origin, 'a count', value));
  }, 0);
}

function refuse(origin: string, takes: string, value: string): never {
  throw new TsworkerError('USAGE', `${origin}: must be ${takes}, not ${JSON.stringify(value)}`);
}
