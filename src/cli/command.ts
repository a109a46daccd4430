/**
 * What a command is to the command line: a definition in the table of commands.ts. It costs nothing at start-up: it says how
 * the command is typed and explained, and loads the code behind it only when it is run. Must not know any command.
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
  /** Reads the value and says what it takes; config/value-parsers.ts has them. A boolean takes no next word. */
  readonly kind: Kind<T>;
  readonly help: string;
  /** The default as help shows it. */
  readonly defaultText?: string;
}

/** By name, as it is typed, without dashes. */
export type CommandFlags = Readonly<Record<string, CommandFlag>>;

/** undefined where the flag was not given. */
export type FlagValues<F extends CommandFlags> = {
  readonly [K in keyof F]: (F[K] extends CommandFlag<infer T> ? T : never) | undefined;
};

/** A sub-command: `list` in `tsworker queues list`. */
export interface Verb {
  /** The words it takes: `<queue>` must be there, `[queue]` may, and `[args…]` any number of times. '' for none. */
  readonly words: string;
  readonly help: string;
  /** Which of the command's own flags it takes; all of them where it does not say. */
  readonly flags?: readonly string[];
  /** What it does cannot be taken back: it is never proposed for a word that was mistyped. */
  readonly destructive?: true;
}

/** What a command is run with: everything that was typed for it, read and checked. */
export interface Call<F extends CommandFlags = CommandFlags> {
  /** The sub-command: the first of the definition where none was typed; '' in a command that has none. */
  readonly verb: string;
  /** The words behind it, as many as the definition asks for. */
  readonly words: readonly string[];
  readonly flags: FlagValues<F>;
  /** For loadSettings. */
  readonly sources: Sources;
  /** The values of the job modules' own flags, for a command that takes them. */
  readonly modules: Readonly<Record<string, unknown>>;
  /** What is wrong with them, for a command that reports it. */
  readonly problem?: TsworkerError | undefined;
  readonly io: Io;
}

/** Resolves to the exit code. */
export type RunCommand<F extends CommandFlags = CommandFlags> = (call: Call<F>) => Promise<number>;

export interface Command<F extends CommandFlags = CommandFlags> {
  readonly name: string;
  readonly group: (typeof GROUPS)[number];
  /** One line for the list of commands. */
  readonly help: string;
  /** The words it takes, where it has no sub-commands: see {@link Verb}. */
  readonly words?: string;
  /** Sub-commands; the first is meant where none is typed. */
  readonly verbs?: Readonly<Record<string, Verb>>;
  /** Flags of its own. */
  readonly flags: F;
  /** The daemon's settings whose flags it takes; environment and configuration file count for all of them. */
  readonly settings: readonly SettingKey[];
  /**
   * The job modules' own flags: not taken, shown where they are given, or missed where they are not given. `reported`: the
   * command tells itself what is wrong with them, and runs also where the configuration file does not load.
   */
  readonly modules?: 'shown' | 'demanded' | 'reported';
  readonly examples: readonly (readonly [command: string, meaning: string])[];
  /** What else its help page says: exit codes, what the figures mean. */
  readonly notes?: string;
  load(): Promise<RunCommand<F>>;
}

/** A definition for the table. */
export function defineCommand<const F extends CommandFlags>(command: Command<F>): Command {
  // A command of the table gets the values that its own flags were read to, whatever they are.
  return command as unknown as Command;
}

/** How to reach Redis, and where the keys are: what every command that looks into Redis takes. */
export const CONNECTION_SETTINGS: readonly SettingKey[] = [
  'uri',
  'namespace',
  'tlsCertPath',
  'tlsClientCertPath',
  'tlsClientKeyPath',
  'skipTLSVerify',
];

export const ALL_SETTINGS: readonly SettingKey[] = SETTING_KEYS;

/** Flags that mean the same in every command that has them. */
export const COMMON = {
  json: { kind: boolean, help: 'for machines' },
  yes: { kind: boolean, help: 'do not ask' },
  dryRun: { kind: boolean, help: 'say what would be done, and change nothing' },
} as const;

/** Exit codes that scripts can use. A command whose help says so gives them a sharper meaning. */
export const EXIT = { fine: 0, problem: 1, usage: 2 } as const;
