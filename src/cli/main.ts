/**
 * The command line: which command, with which flags, and what exit code comes of it. Must not know how a command
 * works. Everything slow is imported when it is needed: help and version answer without logger and Redis client.
 */

import { type Env, findJobs, readFileFor, type Sources } from '../config/load.js';
import { envName } from '../config/setting-definition.js';
import { readBoolean } from '../config/value-parsers.js';
import { TsworkerError } from '../errors.js';
import type { SelfImport } from '../job-modules/import.js';
import { VERSION } from '../version.js';
import { type Argv, type Glance, glanceArgv, readArgv } from './argv.js';
import type { Call, Command } from './command.js';
import { COMMANDS, DEFAULT_COMMAND } from './commands.js';
import { allSpecs, elsewhereOf, givenValues, type ModuleFlags, ownValues, settingTexts, specsOf } from './flags.js';
import { type Io, processIo } from './io.js';
import { previewLibrary } from './preview.js';
import { commandOf, commandWord, readWords } from './words.js';

/** Runs the command line `argv` (without node and script). Resolves to the exit code; never rejects, never exits. */
export async function main(argv: readonly string[], env: Env = process.env, io: Io = processIo()): Promise<number> {
  try {
    return await run(argv, env, io);
  } catch (error) {
    return report(error, io);
  }
}

async function run(argv: readonly string[], env: Env, io: Io): Promise<number> {
  const known = specsOf(...COMMANDS);
  const glance = glanceArgv(argv, known);
  if (isOn(glance, 'version')) return print(io, `${VERSION}\n`);
  const word = commandWord(glance, known, specsOf(DEFAULT_COMMAND));
  if (isOn(glance, 'help') || word === 'help') return print(io, await page(glance, word, env, io));
  const command = commandOf(word);
  if (command.modules === undefined) {
    const read = readArgv(argv, specsOf(command), elsewhereOf(command));
    return await runCommand(command, read, { ...sourcesOf(read, env, io), extraFlags: 'unknown' }, {}, io);
  }
  if (command.modules === 'reported') return await runReporting(command, argv, glance, env, io);
  const texts = settingTexts(glance);
  const file = await readFileFor(texts, env, io.cwd);
  // The real library: the modules that are loaded here for their flags are the ones that will run the jobs.
  const self = () => import('../index.js');
  const flags = await findModuleFlags(findJobs({ flags: texts, env, cwd: io.cwd }, file), self);
  const read = readArgv(argv, allSpecs(command, flags), elsewhereOf(command));
  const modules = await valuesOf(flags, givenValues(flags, read, env), command.modules === 'demanded');
  const sources = { ...sourcesOf(read, env, io), extraFlags: Object.keys(flags), file: file ?? null };
  return await runCommand(command, read, sources, modules, io);
}

/** Neither a configuration file nor a job module that does not load keeps the command from running: it tells of them. */
async function runReporting(command: Command, argv: readonly string[], glance: Glance, env: Env, io: Io) {
  const flags = await readableFlags(glance, env, io);
  // Without the file nobody knows where the modules are, nor which flags they have.
  const lenient = () => ({ given: glanceArgv(argv, specsOf(command)).given, words: [command.name] });
  const read = flags === undefined ? lenient() : readArgv(argv, allSpecs(command, flags), elsewhereOf(command));
  const sources = {
    ...sourcesOf(read, env, io),
    extraFlags: flags === undefined ? 'unknown' : Object.keys(flags),
  } as const;
  const problem = await problemOf(async () => valuesOf(flags ?? {}, givenValues(flags ?? {}, read, env), true));
  return await runCommand(command, read, sources, {}, io, problem);
}

/** undefined where the configuration file does not load. A module that does not load has none. */
async function readableFlags(glance: Glance, env: Env, io: Io): Promise<ModuleFlags | undefined> {
  try {
    const texts = settingTexts(glance);
    const file = await readFileFor(texts, env, io.cwd);
    const self = () => import('../index.js');
    return await findModuleFlags(findJobs({ flags: texts, env, cwd: io.cwd }, file), self);
  } catch (error) {
    if (error instanceof TsworkerError) return undefined;
    throw error;
  }
}

async function problemOf(action: () => Promise<unknown>): Promise<TsworkerError | undefined> {
  try {
    await action();
    return undefined;
  } catch (error) {
    if (error instanceof TsworkerError) return error;
    throw error;
  }
}

async function runCommand(
  command: Command,
  read: Argv,
  sources: Sources,
  modules: Call['modules'],
  io: Io,
  problem?: TsworkerError,
): Promise<number> {
  const { words, verb } = readWords(command, read.words[0] === command.name ? read.words.slice(1) : read.words);
  const flags = ownValues(command, verb, read, io.cwd);
  return await (await command.load())({ verb, words, flags, sources, modules, problem, io });
}

function sourcesOf(read: Argv, env: Env, { cwd, terminal }: Io): Sources {
  return { flags: settingTexts(read), env, cwd, terminal };
}

/** `tsworker help x`, `tsworker x -help`, or the page for all. */
async function page(glance: Glance, word: string | undefined, env: Env, io: Io): Promise<string> {
  const { helpPage, commandPage } = await import('./help.js');
  const name = word === 'help' ? glance.words[glance.words.indexOf('help') + 1] : word;
  if (name === undefined) return await helpPage(await flagsForHelp(glance, env, io), io.columns);
  const command = commandOf(name);
  const flags = command.modules === undefined ? {} : await flagsForHelp(glance, env, io);
  return await commandPage(command, flags, io.columns);
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

/** A configuration or a job module that does not load must not keep anybody from reading the help. */
async function flagsForHelp(glance: Argv, env: Env, io: Io): Promise<ModuleFlags> {
  try {
    const texts = settingTexts(glance);
    // Flag and variable come before the file, which may be slow to read.
    const told = texts.jobs !== undefined || Boolean(env[envName('jobs')]);
    const file = told ? undefined : await readFileFor(texts, env, io.cwd);
    const flags = await findModuleFlags(findJobs({ flags: texts, env, cwd: io.cwd }, file), previewLibrary);
    allSpecs(DEFAULT_COMMAND, flags);
    return flags;
  } catch {
    return {};
  }
}

async function findModuleFlags(paths: readonly string[], self: SelfImport): Promise<ModuleFlags> {
  const { findFlags } = await import('../job-modules/flags.js');
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
