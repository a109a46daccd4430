/** The words of a command line → command, sub-command and its arguments, each checked against the row. Knows no flag. */
import { didYouMean } from '../config/suggest.js';
import { TsworkerError } from '../errors.js';
import type { FlagSpecs, Glance } from './argv.js';
import type { Command } from './command.js';
import { COMMANDS, DEFAULT_COMMAND, findCommand } from './commands.js';

/** @throws TsworkerError USAGE for a word that names none */
export function commandOf(word: string | undefined): Command {
  if (word === undefined) return DEFAULT_COMMAND;
  const command = findCommand(word);
  if (command !== undefined) return command;
  const hint = /^(true|false|[tf01])$/i.test(word)
    ? 'the value of a boolean flag goes behind an equals sign: -name=false'
    : guess(word, [...COMMANDS.map(({ name }) => name), 'help']);
  throw usage(`unknown command ${JSON.stringify(word)}`, hint === '' ? 'tsworker help lists them' : hint);
}

/**
 * The word that names the command, where flags whose values nobody knows yet may stand before it.
 * @param sure flags that mean the same wherever they stand; others may be a job module's
 */
export function commandWord({ words, behind }: Glance, known: FlagSpecs, sure: FlagSpecs): string | undefined {
  return words.find((word, i) => {
    const flag = behind[i];
    if (flag === undefined || sure.has(flag)) return true;
    return known.has(flag) && findCommand(word) !== undefined;
  });
}

/**
 * Sub-command and arguments.
 * @param given the words behind the command
 * @throws TsworkerError USAGE for an unknown sub-command, a word too many, or one that is missing
 */
export function readWords(
  command: Command,
  given: readonly string[],
): { readonly verb: string; readonly words: readonly string[] } {
  const { name, verbs } = command;
  if (verbs === undefined) return { verb: '', words: fitted(name, command.words ?? '', given) };
  const [verb = Object.keys(verbs)[0], ...words] = given;
  if (Object.hasOwn(verbs, verb)) return { verb, words: fitted(`${name} ${verb}`, verbs[verb].words, words) };
  const known = Object.keys(verbs);
  const hint = guess(verb, known);
  throw usage(
    `unknown sub-command ${JSON.stringify(verb)} of tsworker ${name}`,
    hint === '' ? `there is ${known.join(', ')}` : hint,
  );
}

function fitted(typed: string, wanted: string, words: readonly string[]): readonly string[] {
  const places = wanted === '' ? [] : wanted.split(' ');
  const missing = places.filter((place) => place.startsWith('<'))[words.length];
  if (missing !== undefined) throw usage(`tsworker ${typed} needs ${missing}`, `usage: tsworker ${typed} ${wanted}`);
  const surplus = wanted.includes('…') ? undefined : words[places.length];
  if (surplus === undefined) return words;
  const hint = places.length === 0 ? `tsworker ${typed} takes no more words` : `usage: tsworker ${typed} ${wanted}`;
  throw usage(`unexpected word ${JSON.stringify(surplus)} after ${typed}`, hint);
}

function guess(word: string, known: readonly string[]): string {
  return didYouMean(word, known).replace('; ', '');
}

function usage(message: string, hint: string): TsworkerError {
  return new TsworkerError('USAGE', message, { hint });
}
