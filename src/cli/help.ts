/**
 * What the help pages say: one for all commands, which is the daemon's too, and one for each command. Must not know how a
 * page is laid out (program.ts does that, with yargs), nor what the commands do.
 */

import type { SettingKey } from '../config/setting-definition.js';
import { CONFIG_FLAG, SCHEMA } from '../config/settings-table.js';
import type { Command } from './command.js';
import { byGroup, DEFAULT_COMMAND } from './commands.js';
import type { ModuleFlags } from './flags.js';
import { addModuleFlags, newPage, type Options, pageWidth, type Yargs } from './program.js';
import { twoColumns, wrapped } from './wrap.js';

/** All commands, and the flags of the daemon. With goworker's one dash. */
export async function helpPage(flags: ModuleFlags, columns: number): Promise<string> {
  const page = newPage(columns);
  addSettings(page, DEFAULT_COMMAND.settings);
  addModuleFlags(page, flags, true);
  addOthers(page, DEFAULT_COMMAND);
  page.option('version', { describe: 'the version of tsworker', group: 'Other:' });
  const head = `Usage: tsworker [command] [flags]\n\n${commandList(columns)}`;
  const examples = exampleList([...DEFAULT_COMMAND.examples, ...EXAMPLES], columns);
  return paragraphs([head, oneDash(await page.getHelp()), examples, filled([SPELLING, SOURCES], columns)]);
}

/** One command: how it is typed, what it takes. */
export async function commandPage(command: Command, flags: ModuleFlags, columns: number): Promise<string> {
  const page = newPage(columns);
  addOwn(page, command);
  addSettings(page, command.settings);
  if (command.modules !== undefined) addModuleFlags(page, flags, true);
  addOthers(page, command);
  const sources = command.settings.length === 0 ? [] : [command === DEFAULT_COMMAND ? SOURCES : SHORT_SOURCES];
  const notes = [...(command.notes === undefined ? [] : [command.notes]), SPELLING, ...sources];
  const examples = exampleList(command.examples, columns);
  return paragraphs([usageOf(command, columns), oneDash(await page.getHelp()), examples, filled(notes, columns)]);
}

function commandList(columns: number): string {
  const groups = byGroup();
  const name = Math.max(...groups.flatMap(([, commands]) => commands.map((command) => command.name.length)));
  const rows = groups.flatMap(([group, commands]) =>
    commands.map(
      (one, i) => [`  ${(i === 0 ? group : '').padEnd(8)}tsworker ${one.name.padEnd(name)}`, one.help] as const,
    ),
  );
  return `Commands (tsworker help <command> says more about one):\n${twoColumns(rows, pageWidth(columns))}`;
}

function usageOf({ name, help, words = '', verbs }: Command, columns: number): string {
  if (verbs === undefined) return `Usage: ${typed(name, words)} [flags]\n\n${sentence(help)}`;
  const rows = Object.entries(verbs).map(
    ([verb, one], i) =>
      [`  ${typed(`${name} ${verb}`, one.words)}`, `${one.help}${i === 0 ? ' (when none is named)' : ''}`] as const,
  );
  const list = twoColumns(rows, pageWidth(columns));
  return `Usage: tsworker ${name} [sub-command] [flags]\n\n${sentence(help)}\n\nSub-commands:\n${list}`;
}

function typed(name: string, words: string): string {
  return `tsworker ${name}${words === '' ? '' : ` ${words}`}`;
}

function sentence(text: string): string {
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}

function addOwn(page: Yargs, { flags }: Command): void {
  for (const [name, { kind, help, defaultText }] of Object.entries(flags))
    addFlag(page, withPlaceholder(name, kind.placeholder), { describe: help, group: 'Flags:' }, defaultText);
}

function addSettings(page: Yargs, keys: readonly SettingKey[]): void {
  for (const key of keys) {
    const { flag, kind, group, help, defaultText } = SCHEMA[key];
    addFlag(page, withPlaceholder(flag, kind.placeholder), { describe: help, group: `${group}:` }, defaultText);
  }
}

function addOthers(page: Yargs, { settings }: Command): void {
  const { flag, placeholder, help } = CONFIG_FLAG;
  if (settings.length > 0) addFlag(page, withPlaceholder(flag, placeholder), { describe: help, group: 'Other:' });
  addFlag(page, 'help', { describe: 'this page', group: 'Other:' });
}

function addFlag(page: Yargs, name: string, options: Options, defaultText = ''): void {
  page.option(name, defaultText === '' ? options : { ...options, defaultDescription: defaultText });
}

/** The page alone is made from these names, so the placeholder may be part of them. */
function withPlaceholder(flag: string, placeholder: string): string {
  return placeholder === '' ? flag : `${flag} <${placeholder}>`;
}

/** Not by yargs, which breaks a long one in two: it is there to be copied. What it means then stands below it. */
function exampleList(examples: Command['examples'], columns: number): string {
  const width = pageWidth(columns);
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

function filled(texts: readonly string[], columns: number): string {
  const width = pageWidth(columns);
  return paragraphs(
    texts.map((text) =>
      text
        .split('\n')
        .flatMap((line) => wrapped(line, width))
        .join('\n'),
    ),
  ).trimEnd();
}

function paragraphs(texts: readonly string[]): string {
  return texts.join('\n\n').concat('\n');
}

/** yargs writes `--queues`; the same width with one dash keeps the columns in line. */
function oneDash(page: string): string {
  return page
    .split('\n')
    .map((line) => line.replace(/^( +(?:-\w, )*)--(\S+(?: <[^>]+>)?)/, '$1-$2 '))
    .join('\n')
    .trimEnd();
}

const EXAMPLES = [['tsworker config -json', 'what would be in force here']] as const;

const SPELLING =
  'Flags are written -name=value, -name value, --name=value or --name value; booleans -name or -name=false.';

const SHORT_SOURCES =
  'The settings are read from flags, TSWORKER_* variables, REDIS_PROVIDER, REDIS_URL and the configuration file, as those of the daemon are.';

const SOURCES = `Every flag is also an environment variable: TSWORKER_QUEUES, TSWORKER_LOG_LEVEL and so on (TSWORKER_JOBS with commas \
between paths). REDIS_PROVIDER and REDIS_URL are read as well. An empty variable counts as not set.

A configuration file is read from package.json ("tsworker"), .tsworkerrc[.json|.yaml|.yml|.js|.ts|…] or \
tsworker.config.{ts,js,mjs,cjs,json,yaml}, here or in config/.

A flag comes before a variable, a variable before the file, the file before the default.`;
