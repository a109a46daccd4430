/**
 * Which flags a command takes: its own, the worker's settings, and those of the command line itself. Parsing, help
 * pages and shell completion use this list.
 */

import type { FlagTexts } from '../config/load.js';
import { CONFIG_FLAG, SCHEMA, SETTING_KEYS } from '../config/settings-table.js';
import { nearest } from '../config/suggest.js';
import type { Kind } from '../config/value-parsers.js';
import { TsworkerError } from '../errors.js';
import type { Argv, FlagSpec } from './argv.js';
import type { Command, CommandFlag } from './command.js';
import { COMMANDS } from './commands.js';

export interface Flag {
  readonly name: string;
  readonly kind: Pick<Kind<unknown>, 'placeholder' | 'choices' | 'names'>;
  readonly help: string;
  /** The default, as help shows it. */
  readonly defaultText?: string;
  /** Its heading on a help page. */
  readonly group: string;
}

const SWITCH = { placeholder: '' };
const HELP: Flag = { name: 'help', kind: SWITCH, help: 'this page', group: 'Other' };
export const VERSION: Flag = { name: 'version', kind: SWITCH, help: 'the version of tsworker', group: 'Other' };
const CONFIG: Flag = {
  name: CONFIG_FLAG.flag,
  kind: { placeholder: CONFIG_FLAG.placeholder },
  help: CONFIG_FLAG.help,
  group: 'Other',
};

/**
 * In the order of the help page.
 * @param verb only flags of this sub-command
 */
export function flagsOf({ flags, verbs, settings }: Command, verb?: string): readonly Flag[] {
  const taken = verb === undefined ? undefined : verbs?.[verb]?.flags;
  const own = Object.entries(flags).filter(([name]) => taken?.includes(name) !== false);
  return [
    ...own.map(([name, flag]) => ({ ...flag, name, group: 'Flags' })),
    ...settings.map((key) => ({ ...SCHEMA[key], name: SCHEMA[key].flag })),
    ...(settings.length > 0 ? [CONFIG] : []),
    HELP,
  ];
}

/** The syntax of the flags of these commands. */
export function specsOf(...commands: readonly Command[]): Map<string, FlagSpec> {
  const specs = new Map<string, FlagSpec>([
    ['h', { name: 'help', boolean: true }],
    ...['version', 'v'].map((spelling) => [spelling, { name: 'version', boolean: true }] as const),
  ]);
  for (const { name, kind } of commands.flatMap((command) => flagsOf(command)))
    specs.set(name, { name, boolean: kind.placeholder === '' });
  return specs;
}

/**
 * @param specs all flags that the command takes
 * @throws TsworkerError USAGE if a flag is unknown to the command, or lacks its value
 */
export function checkFlags(command: Command, { unknown: [unknown], incomplete }: Argv, specs: Iterable<string>): void {
  if (unknown !== undefined) {
    const near = nearest(
      unknown,
      [...specs].filter((one) => one.length > 1),
    );
    const hint = near === undefined ? {} : { hint: `did you mean -${near}?` };
    throw new TsworkerError('USAGE', elsewhere(command, unknown) ?? `unknown flag -${unknown}`, hint);
  }
  if (incomplete !== undefined) throw new TsworkerError('USAGE', `the flag -${incomplete} needs a value`);
}

/** The error for a flag of another command. */
function elsewhere(command: Command, flag: string): string | undefined {
  const owners = COMMANDS.filter((one) => one !== command && specsOf(one).has(flag)).map(({ name }) => name);
  if (owners.length === 0) return undefined;
  const known = owners.length > 3 ? 'other commands' : listed(owners.map((name) => `tsworker ${name}`));
  return `tsworker ${command.name} takes no flag -${flag}: it belongs to ${known}`;
}

/** `a`, `a and b`, `a, b and c`. */
function listed(names: readonly string[]): string {
  return names.join(', ').replace(/, ([^,]+)$/, ' and $1');
}

/** The given values of the settings: one text each, or all of them if the flag may be repeated. */
export function settingTexts({ given }: Argv): FlagTexts {
  const repeating = new Set(SETTING_KEYS.filter((key) => SCHEMA[key].repeats).map((key) => SCHEMA[key].flag));
  return Object.fromEntries([...given].map(([name, values]) => [name, repeating.has(name) ? values : values.at(-1)]));
}

/**
 * The values of a command's own flags.
 * @throws TsworkerError USAGE if one is invalid, or its sub-command does not take it
 */
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
