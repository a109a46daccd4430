/**
 * The definition of a command in the table of commands.ts: its flags, arguments and help. Cheap at start-up, since the
 * code of the command is loaded when it runs.
 */

import type { Sources } from '../config/load.js';
import type { SettingKey } from '../config/setting-definition.js';
import { SETTING_KEYS } from '../config/settings-table.js';
import type { Kind } from '../config/value-parsers.js';
import { boolean } from '../config/value-parsers.js';
import type { TsworkerError } from '../errors.js';
import type { Io } from './io.js';

/** In the order of the help page. */
export const GROUPS = ['Work', 'Inspect', 'Repair', 'Set up'] as const;

export interface CommandFlag<T = unknown> {
  /** Parses the value, see config/value-parsers.ts. A boolean never takes the next word. */
  readonly kind: Kind<T>;
  readonly help: string;
  /** The default, as help shows it. */
  readonly defaultText?: string;
}

/** By name, without dashes. */
export type CommandFlags = Readonly<Record<string, CommandFlag>>;

/** undefined if the flag was not given. */
export type FlagValues<F extends CommandFlags> = {
  readonly [K in keyof F]: (F[K] extends CommandFlag<infer T> ? T : never) | undefined;
};

/** A sub-command: `list` in `tsworker queues list`. */
export interface Verb {
  /** Its arguments: `<queue>` is required, `[queue]` optional, and `[args…]` takes any number. '' for none. */
  readonly words: string;
  readonly help: string;
  /** The command's own flags that it takes. Default: all of them. */
  readonly flags?: readonly string[];
  /** Cannot be undone, so it is never suggested for a mistyped word. */
  readonly destructive?: true;
}

/** The parsed and checked command line, for the command. */
export interface Call<F extends CommandFlags = CommandFlags> {
  /** The sub-command; default the first of the definition, '' if the command has none. */
  readonly verb: string;
  /** The arguments, as many as the definition allows. */
  readonly words: readonly string[];
  readonly flags: FlagValues<F>;
  /** For loadSettings. */
  readonly sources: Sources;
  /** The values of the job modules' own flags, for a command that takes them. */
  readonly modules: Readonly<Record<string, unknown>>;
  /** What is wrong with these values, for a command that reports it. */
  readonly problem?: TsworkerError | undefined;
  readonly io: Io;
}

/** Resolves to the exit code. */
export type RunCommand<F extends CommandFlags = CommandFlags> = (call: Call<F>) => Promise<number>;

export interface Command<F extends CommandFlags = CommandFlags> {
  readonly name: string;
  readonly group: (typeof GROUPS)[number];
  /** One line, for the list of commands. */
  readonly help: string;
  /** Its arguments, if it has no sub-commands: see {@link Verb}. */
  readonly words?: string;
  /** Sub-commands; the first is the default. */
  readonly verbs?: Readonly<Record<string, Verb>>;
  /** Flags of its own. */
  readonly flags: F;
  /** The worker's settings whose flags it takes. They are also read from the environment and the configuration file. */
  readonly settings: readonly SettingKey[];
  /**
   * How it handles the flags of job modules. `shown`: shows their values. `demanded`: a missing required flag is an error.
   * `reported`: it reports problems with them itself, and also runs if the configuration file does not load. Absent: it
   * does not take them.
   */
  readonly modules?: 'shown' | 'demanded' | 'reported';
  readonly examples: readonly (readonly [command: string, meaning: string])[];
  /** Further text of the help page: exit codes, the meaning of figures. */
  readonly notes?: string;
  load(): Promise<RunCommand<F>>;
}

/** Makes a definition for the table. */
export function defineCommand<const F extends CommandFlags>(command: Command<F>): Command {
  // Each command of the table gets the values of its own flags, so the cast is safe.
  return command as unknown as Command;
}

/** The settings for reaching Redis and naming its keys, which every command that uses Redis takes. */
export const CONNECTION_SETTINGS: readonly SettingKey[] = [
  'uri',
  'namespace',
  'tlsCertPath',
  'tlsClientCertPath',
  'tlsClientKeyPath',
  'skipTLSVerify',
];

export const ALL_SETTINGS: readonly SettingKey[] = SETTING_KEYS;

/** Flags that have the same meaning in every command that takes them. */
export const COMMON = {
  json: { kind: boolean, help: 'for machines' },
  yes: { kind: boolean, help: 'do not ask' },
  dryRun: { kind: boolean, help: 'say what would be done, and change nothing' },
} as const;

/** Exit codes for scripts. The help of a command may define them more exactly. */
export const EXIT = { fine: 0, problem: 1, usage: 2 } as const;
