/**
 * Which flags there are: the settings' from the schema, the commands' own from their rows, and those that job modules
 * declare. Must not know the values of the settings.
 */

import type { Env, FlagTexts } from '../config/load.js';
import { envName } from '../config/setting-definition.js';
import { CONFIG_FLAG, SCHEMA, SETTING_KEYS } from '../config/settings-table.js';
import { readBoolean, readNumber } from '../config/value-parsers.js';
import { TsworkerError } from '../errors.js';
import type { FlagOptions } from '../job.js';
import type { Argv, FlagSpec, FlagSpecs } from './argv.js';
import type { Command, CommandFlag } from './command.js';
import { COMMANDS } from './commands.js';

/** The flags of the job modules, by name. */
export type ModuleFlags = Readonly<Record<string, FlagOptions>>;

const HELP = { name: 'help', boolean: true };
const VERSION = { name: 'version', boolean: true };

/** The flags of one command, and those about the command line itself. */
export function specsOf(...commands: readonly Command[]): Map<string, FlagSpec> {
  const specs = new Map<string, FlagSpec>();
  for (const name of ['help', 'h']) specs.set(name, HELP);
  for (const name of ['version', 'v']) specs.set(name, VERSION);
  for (const { settings, flags } of commands) {
    for (const { flag, kind } of settings.map((key) => SCHEMA[key]))
      specs.set(flag, { name: flag, boolean: kind.placeholder === '' });
    if (settings.length > 0) specs.set(CONFIG_FLAG.flag, { name: CONFIG_FLAG.flag, boolean: false });
    for (const [name, { kind }] of Object.entries(flags)) specs.set(name, { name, boolean: kind.placeholder === '' });
  }
  return specs;
}

/** Those of the command and of the job modules. Throws JOBS where a module takes a name that is ours. */
export function allSpecs(command: Command, flags: ModuleFlags): FlagSpecs {
  const own = specsOf(command);
  const taken = specsOf(...COMMANDS.filter(({ modules }) => modules !== undefined));
  const specs = new Map(own);
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

/** For readArgv: what to say of a flag that another command has. */
export function elsewhereOf(command: Command): (flag: string) => string | undefined {
  return (flag) => {
    const owners = COMMANDS.filter((one) => one !== command && specsOf(one).has(flag)).map(({ name }) => name);
    if (owners.length === 0) return undefined;
    const known = owners.length > 3 ? 'other commands' : listed(owners.map((name) => `tsworker ${name}`));
    return `tsworker ${command.name} takes no flag -${flag}: it belongs to ${known}`;
  };
}

/** `a`, `a and b`, `a, b and c`. */
function listed(names: readonly string[]): string {
  return names.join(', ').replace(/, ([^,]+)$/, ' and $1');
}

/** A flag named dryRun is typed -dry-run as well, as yargs has it. */
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

/** What was typed for the settings: one text each, or all of them where the flag may be repeated. */
export function settingTexts({ given }: Argv): FlagTexts {
  const repeating = new Set(SETTING_KEYS.filter((key) => SCHEMA[key].repeats).map((key) => SCHEMA[key].flag));
  return Object.fromEntries([...given].map(([name, values]) => [name, repeating.has(name) ? values : values.at(-1)]));
}

/** The values of a command's own flags. Throws USAGE where one is wrong, or its sub-command does not take it. */
export function ownValues(command: Command, verb: string, { given }: Argv, cwd: string): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  const taken = command.verbs?.[verb]?.flags;
  for (const [name, { kind }] of Object.entries(command.flags)) {
    const typed = given.get(name)?.at(-1);
    if (typed === undefined) continue;
    if (taken !== undefined && !taken.includes(name))
      throw new TsworkerError('USAGE', `tsworker ${command.name} ${verb} takes no flag -${name}`);
    values[name] = readOwn(name, kind, typed, cwd);
  }
  return values;
}

function readOwn(name: string, kind: CommandFlag['kind'], typed: string, folder: string): unknown {
  try {
    return kind.parse(typed, { folder, warn: () => {} });
  } catch (error) {
    if (!(error instanceof TsworkerError)) throw error;
    throw new TsworkerError(
      'USAGE',
      `-${name}: ${error.message}`,
      error.hint === undefined ? {} : { hint: error.hint },
    );
  }
}

/** What was given for the job modules' flags, typed: from the command line, else from TSWORKER_<FLAG>. */
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
