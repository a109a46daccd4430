/**
 * What yargs does for us: it lays out help pages (help.ts says what is on them), and reads the values of the job modules'
 * flags, which are yargs options. The one door to yargs. Must not know what the commands do; the settings' own values are
 * read by the schema, not here.
 */
import yargs, { type Options, type Argv as Yargs } from 'yargs';
import { envName } from '../config/setting-definition.js';
import { TsworkerError } from '../errors.js';
import { type ModuleFlags, typeOf } from './flags.js';

export type { Options, Yargs };

const GROUP_OF_MODULES = 'Flags of the job modules:';

/** Help is read, not filled in: neither squeezed nor spread over a very wide terminal. */
export function pageWidth(columns: number): number {
  return Math.max(60, Math.min(columns, 110));
}

/** An empty page, as wide as the terminal where that can be read. */
export function newPage(columns: number): Yargs {
  return plain().wrap(pageWidth(columns));
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

export function addModuleFlags(parser: Yargs, flags: ModuleFlags, demand: boolean): void {
  for (const [name, options] of Object.entries(flags)) {
    const { demandOption, ...rest } = options;
    const full: Record<string, unknown> = { ...rest, type: typeOf(options), group: GROUP_OF_MODULES };
    if (demand && demandOption !== undefined) full.demandOption = demandOption;
    parser.option(name, full as Options);
  }
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
