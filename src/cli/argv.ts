/**
 * The words of a command line → flags and the rest, in the syntax of Go's flag package. Must not know what any flag
 * means, only its name, whether it takes a value and whether it may be repeated.
 *
 * One difference from Go: flags may also follow the command (`tsworker config -queues=a`).
 */
import { didYouMean } from '../config/suggest.js';
import { TsworkerError } from '../errors.js';

export interface FlagSpec {
  /** The name under which the value is found; the spellings of a flag share it. */
  readonly name: string;
  /** Takes no value but `=true` or `=false`: never the next word. */
  readonly boolean: boolean;
}

/** Every spelling of every flag, without dashes. */
export type FlagSpecs = ReadonlyMap<string, FlagSpec>;

export interface Argv {
  /** Every value of every flag given, in order; the last one counts unless the flag may be repeated. */
  readonly given: ReadonlyMap<string, readonly string[]>;
  /** What is no flag: the command, and what should not be there. */
  readonly words: readonly string[];
}

/** Reads the command line. Throws USAGE for a flag that is unknown or lacks its value. */
export function readArgv(argv: readonly string[], specs: FlagSpecs): Argv {
  return scan(argv, specs, (problem) => {
    throw new TsworkerError('USAGE', problem.message, problem.hint === '' ? {} : { hint: problem.hint });
  });
}

/** Reads what it knows and passes over the rest: a first look, before the job modules' flags are known. */
export function glanceArgv(argv: readonly string[], specs: FlagSpecs): Argv {
  return scan(argv, specs, () => {});
}

interface Problem {
  readonly message: string;
  readonly hint: string;
}

function scan(argv: readonly string[], specs: FlagSpecs, complain: (problem: Problem) => void): Argv {
  const given = new Map<string, string[]>();
  const words: string[] = [];
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at];
    if (word === '--') {
      words.push(...argv.slice(at + 1));
      break;
    }
    const flag = splitFlag(word);
    if (flag === undefined) {
      words.push(word);
      continue;
    }
    const spec = specs.get(flag.name);
    if (spec === undefined) {
      complain(unknown(flag.name, specs));
      continue;
    }
    // As in Go, whatever comes next is the value, also if it begins with a dash.
    const value = flag.value ?? (spec.boolean ? 'true' : argv[++at]);
    if (value === undefined) complain({ message: `the flag -${flag.name} needs a value`, hint: '' });
    else given.set(spec.name, [...(given.get(spec.name) ?? []), value]);
  }
  return { given, words };
}

/** `-name`, `--name`, with or without `=value`; a lone `-` is a word, as in Go. */
function splitFlag(word: string): { readonly name: string; readonly value?: string } | undefined {
  const match = /^--?([^=]*)(?:=([\s\S]*))?$/.exec(word);
  if (match === null || word === '-') return undefined;
  const [, name, value] = match;
  return value === undefined ? { name } : { name, value };
}

function unknown(name: string, specs: FlagSpecs): Problem {
  const guess = didYouMean(
    name,
    [...specs.keys()].filter((one) => one.length > 1),
  );
  return { message: `unknown flag -${name}`, hint: guess.replace('; ', '').replace('mean ', 'mean -') };
}
