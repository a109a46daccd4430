/**
 * Parses a command line into flags and other words, with Node's parser and the syntax of Go's flag package. It knows
 * the name of each flag, whether it takes a value and whether it may be repeated; it rejects nothing.
 *
 * One difference from Go: flags may also follow the command (`tsworker config -queues=a`).
 */
import { parseArgs } from 'node:util';

export interface FlagSpec {
  /** The name of the value in the result; all spellings of a flag share it. */
  readonly name: string;
  /** Takes a value only as `=true` or `=false`, never the next word. */
  readonly boolean: boolean;
}

/** Every spelling of every flag, without dashes. */
export type FlagSpecs = ReadonlyMap<string, FlagSpec>;

export interface Argv {
  /** All values of each given flag, in order; the last one counts unless the flag may be repeated. */
  readonly given: ReadonlyMap<string, readonly string[]>;
  /** All words that are not flags: the command and its arguments. */
  readonly words: readonly string[];
  /** For each word the flag right before it that took no value: the word may have been meant as its value. */
  readonly behind: readonly (string | undefined)[];
  /** Unknown flags, without dashes. */
  readonly unknown: readonly string[];
  /** A flag at the end without its value. */
  readonly incomplete?: string;
}

export function readArgv(argv: readonly string[], specs: FlagSpecs): Argv {
  const options = Object.fromEntries(
    [...specs].map(([name, { boolean }]) => [name, { type: boolean ? ('boolean' as const) : ('string' as const) }]),
  );
  const args = argv.map((word) => twoDashes(word, specs));
  const { tokens } = parseArgs({ args, options, strict: false, allowPositionals: true, tokens: true });
  const given = new Map<string, string[]>();
  const words: string[] = [];
  const behind: (string | undefined)[] = [];
  const unknown: string[] = [];
  let incomplete: string | undefined;
  let open: { readonly flag: string; readonly index: number } | undefined;
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') {
      behind[words.push(argv[token.index]) - 1] = open?.index === token.index - 1 ? open.flag : undefined;
      continue;
    }
    const { name, index, inlineValue } = token;
    const spec = specs.get(name);
    if (inlineValue === undefined && spec?.boolean !== false) open = { flag: name, index };
    // Separate values are taken from the original words: twoDashes may have changed them.
    const value = inlineValue === false ? argv[index + 1] : (token.value ?? (spec?.boolean ? 'true' : undefined));
    if (spec === undefined) unknown.push(name);
    else if (value === undefined) incomplete = name;
    else given.set(spec.name, [...(given.get(spec.name) ?? []), value]);
  }
  return { given, words, behind, unknown, ...(incomplete === undefined ? {} : { incomplete }) };
}

/** `-name` → `--name`. A single dash is a word, as in Go; so is a negative number, which is an argument of a job. */
function twoDashes(word: string, specs: FlagSpecs): string {
  if (!/^-[^-]/.test(word)) return word;
  return /^-\.?\d/.test(word) && !specs.has(word.slice(1)) ? 'a negative number' : `-${word}`;
}
