/**
 * The command line: which command, with which flags, and what exit code comes of it. Must not know how a command
 * works. Everything slow is imported when it is needed: help and version answer without logger and Redis client.
 */
import type { ConfigFile } from '../config/file.js';
import { readBoolean } from '../config/kinds.js';
import { type Env, findJobs, readFileFor } from '../config/load.js';
import { envName } from '../config/setting.js';
import { didYouMean } from '../config/suggest.js';
import { TsworkerError } from '../errors.js';
import type { SelfImport } from '../functions/import.js';
import { VERSION } from '../version.js';
import { type Argv, glanceArgv, readArgv } from './argv.js';
import { allSpecs, givenValues, type ModuleFlags, ownSpecs, settingTexts } from './flags.js';
import { type Io, processIo } from './io.js';
import { previewLibrary } from './preview.js';
import type { CommandName } from './program.js';

/** Runs the command line `argv` (without node and script). Resolves to the exit code; never rejects, never exits. */
export async function main(argv: readonly string[], env: Env = process.env, io: Io = processIo()): Promise<number> {
  try {
    return await run(argv, env, io);
  } catch (error) {
    return report(error, io);
  }
}

async function run(argv: readonly string[], env: Env, io: Io): Promise<number> {
  const glance = glanceArgv(argv, ownSpecs());
  if (isOn(glance, 'version')) return print(io, `${VERSION}\n`);
  if (isOn(glance, 'help') || glance.words[0] === 'help') {
    const { helpPage } = await import('./program.js');
    return print(io, await helpPage(await flagsForHelp(glance, env, io), io.columns));
  }
  if (glance.words[0] === 'demo') return await demo(readArgv(argv, ownSpecs()));
  const texts = settingTexts(glance);
  const file = await readFileFor(texts, env, io.cwd);
  // The real library: the modules that are loaded here for their flags are the ones that will run the jobs.
  const self = () => import('../index.js');
  const flags = await findModuleFlags(findJobs({ flags: texts, env, cwd: io.cwd }, file), self);
  return await runCommand(readArgv(argv, allSpecs(flags)), flags, env, io, file);
}

async function runCommand(
  argv: Argv,
  flags: ModuleFlags,
  env: Env,
  io: Io,
  file: ConfigFile | undefined,
): Promise<number> {
  const command = commandOf(argv);
  const json = isOn(argv, 'json');
  if (json && command !== 'config') throw new TsworkerError('USAGE', 'the flag -json belongs to tsworker config');
  const values = await valuesOf(flags, givenValues(flags, argv, env), command === 'work');
  const { cwd, terminal } = io;
  const sources = { flags: settingTexts(argv), env, cwd, terminal, extraFlags: Object.keys(flags), file: file ?? null };
  if (command === 'config') return await (await import('./commands/config.js')).config(sources, values, io, json);
  return await (await import('./commands/work.js')).work(sources, values);
}

/** yargs is loaded only where a job module has flags. */
async function valuesOf(
  flags: ModuleFlags,
  given: Readonly<Record<string, unknown>>,
  demand: boolean,
): Promise<Record<string, unknown>> {
  if (Object.keys(flags).length === 0) return {};
  return await (await import('./program.js')).readModuleFlags(flags, given, demand);
}

function commandOf({ words }: Argv): Exclude<CommandName, 'demo'> {
  const [word = 'work', surplus] = words;
  if (word !== 'work' && word !== 'config') {
    const hint = /^(true|false|[tf01])$/i.test(word)
      ? 'the value of a boolean flag goes behind an equals sign: -name=false'
      : didYouMean(word, ['work', 'config', 'demo']).replace('; ', '');
    throw new TsworkerError('USAGE', `unknown command ${JSON.stringify(word)}`, hint === '' ? {} : { hint });
  }
  if (surplus === undefined) return word;
  throw new TsworkerError('USAGE', `unexpected word ${JSON.stringify(surplus)} after ${word}`);
}

async function demo({ given, words }: Argv): Promise<number> {
  const [flag] = given.keys();
  const surplus = flag === undefined ? words[1] : `-${flag}`;
  if (surplus !== undefined) throw new TsworkerError('USAGE', `tsworker demo takes no flags: ${surplus}`);
  const { demo: show } = await import('./commands/demo.js');
  return await show();
}

/** A configuration or a job module that does not load must not keep anybody from reading the help. */
async function flagsForHelp(glance: Argv, env: Env, io: Io): Promise<ModuleFlags> {
  try {
    const texts = settingTexts(glance);
    // Flag and variable come before the file, which may be slow to read.
    const told = texts.jobs !== undefined || Boolean(env[envName('jobs')]);
    const file = told ? undefined : await readFileFor(texts, env, io.cwd);
    const flags = await findModuleFlags(findJobs({ flags: texts, env, cwd: io.cwd }, file), previewLibrary);
    allSpecs(flags);
    return flags;
  } catch {
    return {};
  }
}

async function findModuleFlags(paths: readonly string[], self: SelfImport): Promise<ModuleFlags> {
  const { findFlags } = await import('../functions/flags.js');
  return await findFlags(paths, { self });
}

function isOn({ given }: Argv, name: string): boolean {
  return readBoolean(given.get(name)?.at(-1)) === true;
}

function print(io: Io, text: string): number {
  io.out(text);
  return 0;
}

/** What was wrong in one line; a fault of ours with its stack, since somebody will have to find it. */
function report(error: unknown, io: Io): number {
  if (!(error instanceof TsworkerError)) {
    io.err(`tsworker: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return 1;
  }
  const hint = error.hint === undefined ? '' : `; ${error.hint}`;
  io.err(`tsworker: ${`${error.message}${hint}`.replaceAll(/\s*\n\s*/g, ' ')}\n`);
  return error.code === 'USAGE' ? 2 : 1;
}
