/**
 * Candidates for the next word of a command line, for shell completion, read from the definitions of the commands.
 * Pure; uses neither Redis nor files.
 */

import type { NameKind } from '../config/value-parsers.js';
import { readArgv } from './argv.js';
import type { Command } from './command.js';
import { COMMANDS, DEFAULT_COMMAND, findCommand } from './commands.js';
import { type Flag, flagsOf, specsOf } from './flags.js';
import { commandAt } from './positionals.js';

export interface Candidate {
  /** The whole word. */
  readonly text: string;
  readonly about: string;
}

export interface Completion {
  readonly candidates: readonly Candidate[];
  /** Completed by the shell itself, after the text that precedes the value. */
  readonly paths?: 'files' | 'folders';
  /** Names from Redis that begin with `typed`, to be appended to `head`. */
  readonly names?: { readonly kind: NameKind; readonly head: string; readonly typed: string };
}

const NOTHING: Completion = { candidates: [] };

/** @param words the words after `tsworker`; the last is being typed and may be empty */
export function complete(words: readonly string[]): Completion {
  const current = words.at(-1) ?? '';
  const known = specsOf(...COMMANDS);
  const read = readArgv(words.slice(0, -1), known);
  const at = commandAt(read, known, specsOf(DEFAULT_COMMAND));
  const [name, ...behind] = at === -1 ? [] : read.words.slice(at);
  if (name === 'help') return helpWords(behind, current);
  const command = name === undefined ? DEFAULT_COMMAND : findCommand(name);
  if (command === undefined) return NOTHING;
  const flags = flagsOf(command, Object.hasOwn(command.verbs ?? {}, behind[0]) ? behind[0] : undefined);
  const asked = flags.find((flag) => flag.name === read.incomplete);
  if (read.incomplete !== undefined) return asked === undefined ? NOTHING : valuesOf(asked, '', current);
  if (current.startsWith('-')) return flagsOrValue(current, flags);
  if (name === undefined)
    return startingWith(current, [...commandNames(), { text: 'help', about: 'say more about one' }]);
  return positionalsOf(command, behind, current);
}

function helpWords(behind: readonly string[], current: string): Completion {
  if (behind.length === 0) return startingWith(current, commandNames());
  const command = findCommand(behind[0]);
  return behind.length === 1 && command !== undefined ? startingWith(current, verbNames(command)) : NOTHING;
}

function commandNames(): Candidate[] {
  return COMMANDS.map(({ name, help }) => ({ text: name, about: help }));
}

function verbNames({ verbs = {} }: Command): Candidate[] {
  return Object.entries(verbs).map(([text, { help }]) => ({ text, about: help }));
}

function startingWith(current: string, candidates: readonly Candidate[]): Completion {
  return { candidates: candidates.filter(({ text }) => text.startsWith(current)) };
}

/** With an equals sign if the flag takes a value, and with as many dashes as were typed. */
function flagsOrValue(current: string, flags: readonly Flag[]): Completion {
  const [, dashes, name, value] = /^(--?)([^=]*)(?:=(.*))?$/s.exec(current) ?? [];
  if (value !== undefined) {
    const flag = flags.find((one) => one.name === name);
    return flag === undefined ? NOTHING : valuesOf(flag, `${dashes}${name}=`, value);
  }
  return startingWith(
    current,
    flags.map(({ name, kind, help }) => ({
      text: `${dashes}${name}${kind.placeholder === '' ? '' : '='}`,
      about: help,
    })),
  );
}

function valuesOf({ kind, help }: Flag, head: string, typed: string): Completion {
  const { placeholder, choices = [], names } = kind;
  if (placeholder === 'file') return { candidates: [], paths: 'files' };
  if (placeholder === 'path') return { candidates: [], paths: 'folders' };
  if (names !== undefined) {
    // In a list the last name is being typed.
    const list = typed.slice(0, typed.lastIndexOf(',') + 1);
    return { candidates: [], names: { kind: names, head: head + list, typed: typed.slice(list.length) } };
  }
  const fitting = choices.filter((choice) => choice.startsWith(typed));
  return { candidates: fitting.map((choice) => ({ text: `${head}${choice}`, about: help })) };
}

/** Sub-commands, or the argument at this place in the definition. The shell completes files and folders. */
function positionalsOf(command: Command, behind: readonly string[], current: string): Completion {
  const { verbs, words = '' } = command;
  if (verbs !== undefined && behind.length === 0) return startingWith(current, verbNames(command));
  const places = (verbs === undefined ? words : (verbs[behind[0]]?.words ?? '')).split(' ');
  const place = places[verbs === undefined ? behind.length : behind.length - 1] ?? '';
  if (/folder/.test(place)) return { candidates: [], paths: 'folders' };
  const kind = NAMED[place];
  return kind === undefined ? NOTHING : { candidates: [], names: { kind, head: '', typed: current } };
}

/** The kinds of names in Redis that arguments of definitions stand for. */
const NAMED: Readonly<Record<string, NameKind>> = {
  '<queue>': 'queue',
  '[class]': 'class',
  '<id>': 'worker',
  '<process>': 'worker',
};
