/**
 * The command line: finds the command, parses its flags and determines the exit code. Slow modules are imported only
 * when they are needed: help and version load neither logger nor Redis client.
 */

import type { ConfigFile } from '../config/file.js';
import { type Env, findJobs, readFileFor } from '../config/load.js';
import { envName } from '../config/setting-definition.js';
import { readBoolean } from '../config/value-parsers.js';
import { TsworkerError } from '../errors.js';
import type { SelfImport } from '../job-modules/import.js';
import { harmlessLines } from '../terminal-text.js';
import { VERSION } from '../version.js';
import { type Argv, readArgv } from './argv.js';
import type { Command } from './command.js';
import { COMMANDS, DEFAULT_COMMAND } from './commands.js';
import { checkFlags, ownValues, settingTexts, specsOf } from './flags.js';
import { type Io, processIo, say } from './io.js';
import { allSpecs, givenValues, type ModuleFlags } from './module-flags.js';
import { commandAt, commandOf, readPositionals, verbOf } from './positionals.js';

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
  // A first pass, before command and job modules are known: it ignores unknown flags.
  const glance = readArgv(argv, known);
  if (isOn(glance, 'version')) return print(io, `${VERSION}\n`);
  const at = commandAt(glance, known, specsOf(DEFAULT_COMMAND));
  const words = at === -1 ? [] : glance.words.slice(at);
  if (words[0] === 'help') return print(io, await helpFor(words.slice(1), glance, env, io));
  if (isOn(glance, 'help')) return print(io, await helpBeside(words, glance, env, io));
  return await runCommand(commandOf(words[0]), argv, glance, env, io);
}

async function runCommand(command: Command, argv: readonly string[], glance: Argv, env: Env, io: Io): Promise<number> {
  const tolerant = command.modules === 'reported';
  const { value: found, problem: unreadable } = await attempt(tolerant, () => flagsToRead(command, glance, env, io));
  const { flags = {}, file } = found ?? {};
  const specs = allSpecs(command, flags);
  const read = readArgv(argv, specs);
  // If the configuration file does not load, the job modules are unknown, and so are the valid flags and words.
  if (unreadable === undefined) checkFlags(command, read, specs.keys());
  const { verb, words } = readPositionals(command, unreadable === undefined ? read : { words: [], behind: [] });
  const demand = command.modules !== 'shown';
  const given = await attempt(tolerant, () => valuesOf(flags, givenValues(flags, read, env), demand));
  const sources = {
    ...{ flags: settingTexts(read), env, cwd: io.cwd, terminal: io.terminal },
    extraFlags: command.modules === undefined || found === undefined ? ('unknown' as const) : Object.keys(flags),
    // A command that reports problems also reports those of the file.
    ...(command.modules === undefined || tolerant ? {} : { file: file ?? null }),
  };
  const own = ownValues(command, verb, read, io.cwd);
  const call = { verb, words, flags: own, sources, modules: tolerant ? {} : (given.value ?? {}), io };
  return await (await command.load())({ ...call, problem: given.problem });
}

/** @param tolerant errors are returned, not thrown: the command reports them */
async function attempt<T>(
  tolerant: boolean,
  action: () => Promise<T>,
): Promise<{ readonly value?: T; readonly problem?: TsworkerError }> {
  try {
    return { value: await action() };
  } catch (error) {
    if (tolerant && error instanceof TsworkerError) return { problem: error };
    throw error;
  }
}

interface FoundFlags {
  readonly flags: ModuleFlags;
  readonly file?: ConfigFile | undefined;
}

/** The flags of the job modules, if the command uses them. A module that does not load has none. */
async function flagsToRead(command: Command, glance: Argv, env: Env, io: Io): Promise<FoundFlags> {
  if (command.modules === undefined) return { flags: {} };
  const texts = settingTexts(glance);
  const file = await readFileFor(texts, env, io.cwd);
  // The real library: the modules that are loaded here for their flags are the ones that will run the jobs.
  const self = () => import('../index.js');
  return { flags: await findModuleFlags(findJobs({ flags: texts, env, cwd: io.cwd }, file), self), file };
}

/** yargs is loaded only if a job module has flags. */
async function valuesOf(
  flags: ModuleFlags,
  given: Readonly<Record<string, unknown>>,
  demand: boolean,
): Promise<Record<string, unknown>> {
  if (Object.keys(flags).length === 0) return {};
  return await (await import('./program.js')).readModuleFlags(flags, given, demand);
}

/** `tsworker help`, `tsworker help failed`, `tsworker help failed retry`: each word must be valid. */
async function helpFor([name, verb]: readonly string[], glance: Argv, env: Env, io: Io): Promise<string> {
  if (name === undefined)
    return await (await import('./help.js')).helpPage(await flagsForHelp(glance, env, io), io.columns);
  const command = commandOf(name);
  if (verb !== undefined) verbOf(command, verb);
  return await pageOf(command, verb, glance, env, io);
}

/** `tsworker failed retry -help`: works even if the rest of the line is wrong. */
async function helpBeside([name, verb = '']: readonly string[], glance: Argv, env: Env, io: Io): Promise<string> {
  if (name === undefined) return await helpFor([], glance, env, io);
  const command = commandOf(name);
  return await pageOf(command, Object.hasOwn(command.verbs ?? {}, verb) ? verb : undefined, glance, env, io);
}

async function pageOf(command: Command, verb: string | undefined, glance: Argv, env: Env, io: Io): Promise<string> {
  const { commandPage } = await import('./help.js');
  const flags = command.modules === undefined ? {} : await flagsForHelp(glance, env, io);
  return await commandPage(command, { flags, columns: io.columns, verb });
}

/** Help is shown even if a configuration or a job module does not load. */
async function flagsForHelp(glance: Argv, env: Env, io: Io): Promise<ModuleFlags> {
  try {
    const texts = settingTexts(glance);
    // Flag and variable come first, since the file may be slow to read.
    const told = texts.jobs !== undefined || Boolean(env[envName('jobs')]);
    const file = told ? undefined : await readFileFor(texts, env, io.cwd);
    const { previewLibrary } = await import('./preview.js');
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

/** Prints an error: one line for a TsworkerError; a bug in tsworker with its stack, for the bug report. */
function report(error: unknown, io: Io): number {
  if (!(error instanceof TsworkerError)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    io.err(`tsworker: ${harmlessLines(text)}\n`);
    return 1;
  }
  const hint = error.hint === undefined ? '' : `; ${error.hint}`;
  say(io, `${error.message}${hint}`);
  return error.code === 'USAGE' ? 2 : 1;
}
