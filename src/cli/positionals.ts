/** Resolves the words of a command line: command, sub-command and arguments, each checked against the definition. */
import { nearest } from '../config/suggest.js';
import { TsworkerError } from '../errors.js';
import type { Argv, FlagSpecs } from './argv.js';
import type { Command } from './command.js';
import { COMMANDS, DEFAULT_COMMAND, findCommand } from './commands.js';

/** @throws TsworkerError USAGE if the word names no command */
export function commandOf(word: string | undefined): Command {
  if (word === undefined) return DEFAULT_COMMAND;
  const command = findCommand(word);
  if (command !== undefined) return command;
  const hint = /^(true|false|[tf01])$/i.test(word)
    ? BOOLEAN_HINT
    : guess(word, [...COMMANDS.map(({ name }) => name), 'help']);
  throw usage(`unknown command ${JSON.stringify(word)}`, hint ?? 'tsworker help lists them');
}

const BOOLEAN_HINT = 'the value of a boolean flag goes behind an equals sign: -name=false';

/**
 * The index of the word that names the command; -1 if there is none. Flags of unknown kind may precede it.
 * @param sure flags with the same meaning for every command; others may belong to a job module
 */
export function commandAt({ words, behind }: Argv, known: FlagSpecs, sure: FlagSpecs): number {
  return words.findIndex((word, i) => {
    const flag = behind[i];
    if (flag === undefined || sure.has(flag)) return true;
    return known.has(flag) && findCommand(word) !== undefined;
  });
}

export interface Positionals {
  /** The sub-command; default the first of the definition, '' if the command has none. */
  readonly verb: string;
  readonly words: readonly string[];
}

/**
 * Sub-command and arguments.
 * @param read the words, beginning with the command if it was given
 * @throws TsworkerError USAGE if the sub-command is unknown, an argument is missing, or there is one too many
 */
export function readPositionals(command: Command, read: Pick<Argv, 'words' | 'behind'>): Positionals {
  const { name, verbs } = command;
  const named = read.words[0] === name ? 1 : 0;
  const given = read.words.slice(named).map((text, i) => ({ text, behind: read.behind[named + i] }));
  if (verbs === undefined) return { verb: '', words: fitted(name, command.words ?? '', given) };
  const verb = given[0]?.text ?? Object.keys(verbs)[0];
  return { verb, words: fitted(`${name} ${verb}`, verbOf(command, verb).words, given.slice(1)) };
}

/** @throws TsworkerError USAGE if the word names no sub-command */
export function verbOf({ name, verbs = {} }: Command, word: string) {
  if (Object.hasOwn(verbs, word)) return verbs[word];
  const known = Object.keys(verbs);
  // A typing error must not lead to an action that cannot be undone.
  const harmless = known.filter((one) => !verbs[one].destructive);
  const hint = guess(word, harmless) ?? (known.length === 0 ? 'it has none' : `there is ${known.join(', ')}`);
  throw usage(`unknown sub-command ${JSON.stringify(word)} of tsworker ${name}`, hint);
}

interface Given {
  readonly text: string;
  readonly behind: string | undefined;
}

function fitted(typed: string, wanted: string, words: readonly Given[]): readonly string[] {
  const places = wanted === '' ? [] : wanted.split(' ');
  const texts = words.map(({ text }) => text);
  const missing = places.filter((place) => place.startsWith('<'))[words.length];
  if (missing !== undefined) throw usage(`tsworker ${typed} needs ${missing}`, `usage: tsworker ${typed} ${wanted}`);
  const surplus = wanted.includes('…') ? -1 : words.findIndex((_, i) => i >= places.length);
  if (surplus === -1) return texts;
  // `-watch 5`: one of the words follows a flag that takes no value.
  const flag = words.find(({ behind }) => behind !== undefined)?.behind;
  const hint =
    flag !== undefined
      ? `-${flag} takes no value, or one behind an equals sign: -${flag}=false`
      : places.length === 0
        ? `tsworker ${typed} takes no more words`
        : `usage: tsworker ${typed} ${wanted}`;
  throw usage(`unexpected word ${JSON.stringify(texts[surplus])} after ${typed}`, hint);
}

function guess(word: string, known: readonly string[]): string | undefined {
  const found = nearest(word, known);
  return found === undefined ? undefined : `did you mean ${found}?`;
}

function usage(message: string, hint: string): TsworkerError {
  return new TsworkerError('USAGE', message, { hint });
}
