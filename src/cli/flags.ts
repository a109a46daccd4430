/**
 * Which flags there are: tsworker's own from the schema, and those that job modules declare. Must not know the values
 * of the settings.
 */
import { readBoolean, readNumber } from '../config/kinds.js';
import type { Env, FlagTexts } from '../config/load.js';
import { CONFIG_FLAG, SCHEMA, SETTING_KEYS } from '../config/schema.js';
import { envName } from '../config/setting.js';
import { TsworkerError } from '../errors.js';
import type { FlagOptions } from '../job.js';
import type { Argv, FlagSpec, FlagSpecs } from './argv.js';

/** The flags of the job modules, by name. */
export type ModuleFlags = Readonly<Record<string, FlagOptions>>;

/** tsworker's own flags, and those about the command line itself. */
export function ownSpecs(): FlagSpecs {
  const settings = SETTING_KEYS.map((key) => {
    const { flag, kind } = SCHEMA[key];
    return { name: flag, boolean: kind.placeholder === '' };
  });
  const help = { name: 'help', boolean: true };
  const version = { name: 'version', boolean: true };
  const others = [{ name: CONFIG_FLAG.flag, boolean: false }, { name: 'json', boolean: true }, help, version];
  const specs = new Map<string, FlagSpec>([...settings, ...others].map((spec) => [spec.name, spec]));
  return specs.set('h', help).set('v', version);
}

/** tsworker's flags and those of the job modules. Throws JOBS where a module takes a name that is ours. */
export function allSpecs(flags: ModuleFlags): FlagSpecs {
  const own = ownSpecs();
  const specs = new Map(own);
  for (const [name, options] of Object.entries(flags)) {
    const type = typeOf(options);
    for (const spelling of spellings(name, options)) {
      if (own.has(spelling)) {
        throw new TsworkerError('JOBS', `a job module declares the flag -${spelling}, which is tsworker's own`, {
          hint: 'give it another name',
        });
      }
      specs.set(spelling, { name, boolean: type === 'boolean' || type === 'count' });
    }
  }
  return specs;
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

/** What was typed for tsworker's own settings: one text each, or all of them where the flag may be repeated. */
export function settingTexts({ given }: Argv): FlagTexts {
  const repeating = new Set(SETTING_KEYS.filter((key) => SCHEMA[key].repeats).map((key) => SCHEMA[key].flag));
  return Object.fromEntries([...given].map(([name, values]) => [name, repeating.has(name) ? values : values.at(-1)]));
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
