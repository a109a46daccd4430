/**
 * What yargs does for us: the help page, and the values of the job modules' flags (they are yargs options). The one
 * door to yargs. Must not know what the commands do; the settings' own values are read by the schema, not here.
 */
import yargs, { type Options, type Argv as Yargs } from 'yargs';
import { CONFIG_FLAG, SCHEMA, SETTING_KEYS } from '../config/schema.js';
import { envName } from '../config/setting.js';
import { TsworkerError } from '../errors.js';
import { type ModuleFlags, typeOf } from './flags.js';

/** The commands, for help and for "did you mean". */
export const COMMANDS = {
  work: 'work the queues: what happens when no command is named',
  config: 'print the settings in force and where each came from (-json for machines)',
  demo: 'a private Redis, 1,000 jobs and a worker: watch it run',
} as const;

export type CommandName = keyof typeof COMMANDS;

const GROUP_OF_MODULES = 'Flags of the job modules:';

/** The help page, with goworker's one dash. */
export async function helpPage(flags: ModuleFlags, columns: number): Promise<string> {
  const page = plain()
    .usage('Usage: tsworker [command] [flags]')
    .wrap(Math.max(60, Math.min(columns, 110)));
  for (const [name, description] of Object.entries(COMMANDS)) {
    page.command(name === 'work' ? ['work', '$0'] : name, description);
  }
  addSettings(page);
  addModuleFlags(page, flags, true);
  page.option('help', { describe: 'this page', group: 'Other:' });
  page.option('version', { describe: 'the version of tsworker', group: 'Other:' });
  for (const [command, description] of EXAMPLES) page.example(command, description);
  return oneDash(await page.epilogue(EPILOGUE).getHelp());
}

/**
 * The values of the job modules' flags, from what was given: with defaults and coercion, checked against choices.
 * `demand`: flags that must be given are missed.
 */
export async function readModuleFlags(
  flags: ModuleFlags,
  given: Readonly<Record<string, unknown>>,
  demand: boolean,
): Promise<Record<string, unknown>> {
  if (Object.keys(flags).length === 0) return {};
  // As a configuration object, not as words: from `--name="a"` yargs would take the quotes away.
  const parser = plain().config(given);
  addModuleFlags(parser, flags, demand);
  const values: Readonly<Record<string, unknown>> = await parser.parseAsync();
  return Object.fromEntries(Object.keys(flags).map((name) => [name, values[name]]));
}

/** yargs that neither exits, prints nor translates itself, and reads no command line. */
function plain(): Yargs {
  return yargs([])
    .scriptName('tsworker')
    .help(false)
    .version(false)
    .exitProcess(false)
    .detectLocale(false)
    .parserConfiguration({ 'boolean-negation': false, 'dot-notation': false, 'parse-numbers': false })
    .fail((message: string | null, error: Error | undefined) => {
      throw message === null ? error : translate(message);
    });
}

function addSettings(page: Yargs): void {
  for (const key of SETTING_KEYS) {
    const { flag, kind, group, help, defaultText } = SCHEMA[key];
    const options: Options = { describe: help, group: `${group}:` };
    if (defaultText !== '') options.defaultDescription = defaultText;
    page.option(withPlaceholder(flag, kind.placeholder), options);
  }
  page.option(withPlaceholder(CONFIG_FLAG.flag, CONFIG_FLAG.placeholder), {
    describe: CONFIG_FLAG.help,
    group: 'Other:',
  });
}

/** The page alone is made from these names, so the placeholder may be part of them. */
function withPlaceholder(flag: string, placeholder: string): string {
  return placeholder === '' ? flag : `${flag} <${placeholder}>`;
}

function addModuleFlags(parser: Yargs, flags: ModuleFlags, demand: boolean): void {
  for (const [name, options] of Object.entries(flags)) {
    const { demandOption, ...rest } = options;
    const full: Record<string, unknown> = { ...rest, type: typeOf(options), group: GROUP_OF_MODULES };
    if (demand && demandOption !== undefined) full.demandOption = demandOption;
    parser.option(name, full as Options);
  }
}

/** yargs writes `--queues`; the same width with one dash keeps the columns in line. */
function oneDash(page: string): string {
  return page
    .split('\n')
    .map((line) => line.replace(/^( +(?:-\w, )*)--(\S+(?: <[^>]+>)?)/, '$1-$2 '))
    .join('\n')
    .concat('\n');
}

/** yargs' own complaints, in one line and with one dash. */
function translate(message: string): TsworkerError {
  const missing = /^Missing required arguments?: ([^\n]*)/.exec(message)?.[1];
  if (missing !== undefined) {
    const names = missing.split(', ');
    return new TsworkerError(
      'USAGE',
      `missing ${names.map((name) => `-${name}`).join(', ')}, which the job modules demand`,
      {
        hint: `give ${names.length > 1 ? 'them as flags' : 'it as a flag'} or as ${names.map(envName).join(', ')}`,
      },
    );
  }
  const choices = /Argument: ([^,]+), Given: (.*), Choices: (.*)/.exec(message);
  if (choices === null) return new TsworkerError('USAGE', message.replaceAll(/\s+/g, ' '));
  return new TsworkerError('USAGE', `-${choices[1]}: must be one of ${choices[3]}, not ${choices[2]}`);
}

const EXAMPLES = [
  ['tsworker -queues=high,low', 'strict order: low only while high is empty'],
  ['tsworker -queues=high=2,low=1 -concurrency=50', 'by weight, 50 jobs at once'],
  ['tsworker -queues=low -exit-on-complete', 'work until the queue is empty, then leave'],
  ['tsworker config -json', 'what would be in force here'],
] as const;

const EPILOGUE = `Flags are written -name=value, -name value, --name=value or --name value; booleans -name or -name=false.

Every flag is also an environment variable: TSWORKER_QUEUES, TSWORKER_LOG_LEVEL and so on (TSWORKER_JOBS with commas \
between paths). REDIS_PROVIDER and REDIS_URL are read as well. An empty variable counts as not set.

A configuration file is read from package.json ("tsworker"), .tsworkerrc[.json|.yaml|.yml|.js|.ts|…] or \
tsworker.config.{ts,js,mjs,cjs,json,yaml}, here or in config/.

A flag comes before a variable, a variable before the file, the file before the default.`;
