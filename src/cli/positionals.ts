/** The words of a command line → command, sub-command and its arguments, each checked against the definition. Knows no flag. */
import { nearest } from '../config/suggest.js';
import { TsworkerError } from '../errors.js';
import type { Argv, FlagSpecs } from './argv.js';
import type { Command } from './command.js';
import { COMMANDS, DEFAULT_COMMAND, findCommand } from './commands.js';

/** @throws TsworkerError USAGE for a word that names none */
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
 * Where the word stands that names the command, -1: nowhere. Flags whose values nobody knows yet may stand before it.
 * @param sure flags that mean the same wherever they stand; others may be a job module's
 */
export function commandAt({ words, behind }: Argv, known: FlagSpecs, sure: FlagSpecs): number {
  return words.findIndex((word, i) => {
    const flag = behind[i];
    if (flag === undefined || sure.has(flag)) return true;
    return known.has(flag) && findCommand(word) !== undefined;
  });
}

export interface Positionals {
  /** The sub-command: the first of the definition where none was typed; '' in a command that has none. */
  readonly verb: string;
  readonly words: readonly string[];
}

/**
 * Sub-command and arguments.
 * @param read the words: the command, where it was typed, is the first
 * @throws TsworkerError USAGE for an unknown sub-command, a word too many, or one that is missing
 */
export function readPositionals(command: Command, read: Pick<Argv, 'words' | 'behind'>): Positionals {
  const { name, verbs } = command;
  const named = read.words[0] === name ? 1 : 0;
  const given = read.words.slice(named).map((text, i) => ({ text, behind: read.behind[named + i] }));
  if (verbs === undefined) return { verb: '', words: fitted(name, command.words ?? '', given) };
  const verb = given[0]?.text ?? Object.keys(verbs)[0];
  return { verb, words: fitted(`${name} ${verb}`, verbOf(command, verb).words, given.slice(1)) };
}

/** @throws TsworkerError USAGE for a word that names no sub-command */
export function verbOf({ name, verbs = {} }: Command, word: string) {
  if (Object.hasOwn(verbs, word)) return verbs[word];
  const known = Object.keys(verbs);
  // At three in the morning a typing error must not lead to what cannot be undone.
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
  // `-watch 5`: one of the words stands behind a flag that takes none.
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
