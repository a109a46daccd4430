/**
 * The only user of yargs: lays out the flags of a help page, and parses the flags of job modules, which are yargs
 * options. The settings' own values are parsed by their table.
 */
import yargs, { type Options, type Argv as Yargs } from 'yargs';
import { envName } from '../config/setting-definition.js';
import { TsworkerError } from '../errors.js';
import type { Flag } from './flags.js';
import { type ModuleFlags, typeOf } from './module-flags.js';

/** The width of help pages has a minimum and a maximum. */
export function pageWidth(columns: number): number {
  return Math.max(40, Math.min(columns, 110));
}

/** Flags under their headings, with their values and defaults. */
export async function flagList(flags: readonly Flag[], modules: ModuleFlags, columns: number): Promise<string> {
  const page = plain().wrap(pageWidth(columns));
  const others = flags.filter(({ group }) => group === 'Other');
  const add = ({ name, kind: { placeholder }, help, defaultText = '', group }: Flag) => {
    // This name is used only for the page, so it may contain the placeholder.
    const typed = placeholder === '' ? name : `${name} <${placeholder}>`;
    const shown = defaultText === '' ? {} : { defaultDescription: defaultText };
    page.option(typed, { describe: help, group: `${group}:`, ...shown });
  };
  for (const flag of flags) if (!others.includes(flag)) add(flag);
  addModuleFlags(page, modules, true);
  others.forEach(add);
  return oneDash(await page.getHelp());
}

/** yargs writes `--queues`; the replacement has the same width, so that the columns stay aligned. */
function oneDash(page: string): string {
  return page
    .split('\n')
    .map((line) => line.replace(/^( +(?:-\w, )*)--(\S+(?: <[^>]+>)?)/, '$1-$2 '))
    .join('\n')
    .trimEnd();
}

/** The values of the job modules' flags, with defaults and coercion, checked against choices and `demand`. */
export async function readModuleFlags(
  flags: ModuleFlags,
  given: Readonly<Record<string, unknown>>,
  demand: boolean,
): Promise<Record<string, unknown>> {
  if (Object.keys(flags).length === 0) return {};
  // Passed as a configuration object, since yargs would remove the quotes from `--name="a"`.
  const parser = plain().config(given);
  addModuleFlags(parser, flags, demand);
  const values: Readonly<Record<string, unknown>> = await parser.parseAsync();
  return Object.fromEntries(Object.keys(flags).map((name) => [name, values[name]]));
}

/** yargs without its exits, output, translations and reading of the command line. */
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

function addModuleFlags(parser: Yargs, flags: ModuleFlags, demand: boolean): void {
  for (const [name, options] of Object.entries(flags)) {
    const { demandOption, ...rest } = options;
    const full: Record<string, unknown> = { ...rest, type: typeOf(options), group: 'Flags of the job modules:' };
    if (demand && demandOption !== undefined) full.demandOption = demandOption;
    parser.option(name, full as Options);
  }
}

/** The error messages of yargs, in one line and with one dash. */
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
