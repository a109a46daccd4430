/**
 * The content of the help pages: one for all commands and the worker, one for each command and sub-command. Their
 * layout is in program.ts, which uses yargs.
 */

import { SCHEMA } from '../config/settings-table.js';
import { ALL_SETTINGS, CONNECTION_SETTINGS, type Command } from './command.js';
import { byGroup, DEFAULT_COMMAND } from './commands.js';
import { type Flag, flagsOf, VERSION } from './flags.js';
import type { ModuleFlags } from './module-flags.js';
import { flagList, pageWidth } from './program.js';
import { twoColumns, wrapped } from './wrap.js';

export interface PageOptions {
  /** Flags of the job modules. */
  readonly flags?: ModuleFlags;
  readonly columns: number;
  /** Only the page of this sub-command. */
  readonly verb?: string | undefined;
}

/** All commands, and the flags of the worker. With one dash, as in goworker. */
export async function helpPage(flags: ModuleFlags, columns: number): Promise<string> {
  const width = pageWidth(columns);
  return paragraphs([
    `Usage: tsworker [command] [flags]\n\n${filled(OVERVIEW, width)}`,
    commandList(width),
    await flagList([...flagsOf(DEFAULT_COMMAND), VERSION], flags, columns),
    exampleList([...DEFAULT_COMMAND.examples, ...EXAMPLES], width),
    ...[SPELLING, SOURCES].map((text) => filled(text, width)),
  ]);
}

/** The page of one command or sub-command. */
export async function commandPage(command: Command, { flags = {}, columns, verb }: PageOptions): Promise<string> {
  const width = pageWidth(columns);
  const examples = command.examples.filter(([line]) => verb === undefined || line.includes(`${command.name} ${verb}`));
  const notes = [command.notes ?? '', SPELLING, sourcesOf(command)];
  return paragraphs([
    usageOf(command, verb, width),
    await flagList(shownFlags(command, verb), command.modules === undefined ? {} : flags, columns),
    examples.length === 0 ? '' : exampleList(examples, width),
    ...notes.map((text) => filled(text, width)),
  ]);
}

function commandList(width: number): string {
  const groups = byGroup();
  const name = Math.max(...groups.flatMap(([, commands]) => commands.map((command) => command.name.length)));
  const rows = groups.flatMap(([group, commands]) =>
    commands.map(
      (one, i) => [`  ${(i === 0 ? group : '').padEnd(9)}tsworker ${one.name.padEnd(name)}`, one.help] as const,
    ),
  );
  return `Commands (tsworker help <command> says more about one):\n${twoColumns(rows, width)}`;
}

function usageOf({ name, help, words = '', verbs = {} }: Command, verb: string | undefined, width: number): string {
  const typed = (...parts: string[]) => `tsworker ${parts.filter((part) => part !== '').join(' ')}`;
  const one = verb === undefined ? { words, help } : verbs[verb];
  if (verb !== undefined || Object.keys(verbs).length === 0)
    return `Usage: ${typed(name, verb ?? '', one.words)} [flags]\n\n${filled(sentence(one.help), width)}`;
  const rows = Object.entries(verbs).map(
    ([verb, { words, help }], i) =>
      [`  ${typed(name, verb, words)}`, `${help}${i === 0 ? ' (when none is named)' : ''}`] as const,
  );
  const list = `Sub-commands (see tsworker help ${name} ${Object.keys(verbs)[0]}):\n${twoColumns(rows, width)}`;
  return `Usage: tsworker ${name} [sub-command] [flags]\n\n${filled(sentence(help), width)}\n\n${list}`;
}

function sentence(text: string): string {
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}

const takesAllSettings = ({ settings }: Command) => settings.length === ALL_SETTINGS.length;
const connectionFlags = CONNECTION_SETTINGS.map((key) => SCHEMA[key].flag);

/** The flags for Redis are listed on the worker's page; other pages have one line about them. */
function shownFlags(command: Command, verb: string | undefined): readonly Flag[] {
  const flags = flagsOf(command, verb);
  return takesAllSettings(command) ? flags : flags.filter(({ name }) => !connectionFlags.includes(name));
}

function sourcesOf(command: Command): string {
  if (command.settings.length === 0) return '';
  return takesAllSettings(command) ? SOURCES : SHORT_SOURCES;
}

/** An example is never wrapped, so that it can be copied. If the line is too long, its explanation goes below it. */
function exampleList(examples: Command['examples'], width: number): string {
  const rows = examples.flatMap(([line, meaning]): (readonly [string, string])[] =>
    line.length <= width / 2
      ? [[`  ${line}`, meaning]]
      : [
          [`  ${line}`, ''],
          ['', meaning],
        ],
  );
  return `Examples:\n${twoColumns(rows, width, width / 2 + 2)}`;
}

function filled(text: string, width: number): string {
  return text
    .split('\n')
    .flatMap((line) => wrapped(line, width))
    .join('\n');
}

function paragraphs(texts: readonly string[]): string {
  return texts
    .filter((text) => text !== '')
    .join('\n\n')
    .concat('\n');
}

const OVERVIEW = 'Without a command it runs the worker; other commands inspect and repair.';

const EXAMPLES = [['tsworker config -json', 'the settings that would be in force here']] as const;

const SPELLING = `Flags are written -name=value, -name value, --name=value or --name value; booleans -name or -name=false. Durations \
are seconds or have units: 30, 1.5, 500ms, 20s, 5m, 1h30m. Of a flag that is given twice the last value counts (-jobs adds up).`;

const SHORT_SOURCES = `Redis is reached as the worker reaches it: ${connectionFlags.map((flag) => `-${flag}`).join(', ')} \
(tsworker help work), or TSWORKER_* variables, REDIS_PROVIDER, REDIS_URL and the configuration file.`;

const SOURCES = `Every flag is also an environment variable: TSWORKER_QUEUES, TSWORKER_LOG_LEVEL and so on (TSWORKER_JOBS with commas \
between paths). REDIS_PROVIDER and REDIS_URL are read as well. An empty variable counts as not set.

A configuration file is read from package.json ("tsworker"), .tsworkerrc[.json|.yaml|.yml|.js|.ts|…] or \
tsworker.config.{ts,js,mjs,cjs,json,yaml}, here or in config/.

A flag comes before a variable, a variable before the file, the file before the default.`;
