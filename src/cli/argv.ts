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

/**
 * Reads the command line. Throws USAGE for a flag that is unknown or lacks its value.
 * @param elsewhere what to say of a flag that is unknown here but not in every command
 */
export function readArgv(
  argv: readonly string[],
  specs: FlagSpecs,
  elsewhere: (flag: string) => string | undefined = () => undefined,
): Argv {
  const { given, words } = scan(argv, specs, ({ message, hint, flag }) => {
    const known = flag === undefined ? undefined : elsewhere(flag);
    if (known !== undefined) throw new TsworkerError('USAGE', known);
    throw new TsworkerError('USAGE', message, hint === '' ? {} : { hint });
  });
  return { given, words };
}

/** What is seen at a first look, before command and job modules are known. */
export interface Glance extends Argv {
  /** For each word the flag right before it that has taken no value: it may have wanted this one. */
  readonly behind: readonly (string | undefined)[];
}

/** Reads what it knows and passes over the rest. */
export function glanceArgv(argv: readonly string[], specs: FlagSpecs): Glance {
  return scan(argv, specs, () => {});
}

interface Problem {
  readonly message: string;
  readonly hint: string;
  /** The flag that is not known. */
  readonly flag?: string;
}

function scan(argv: readonly string[], specs: FlagSpecs, complain: (problem: Problem) => void): Glance {
  const given = new Map<string, string[]>();
  const words: string[] = [];
  const behind: (string | undefined)[] = [];
  let open: string | undefined;
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at];
    if (word === '--') {
      words.push(...argv.slice(at + 1));
      break;
    }
    const flag = splitFlag(word);
    const spec = flag && specs.get(flag.name);
    // A negative number is an argument of a job.
    if (flag === undefined || (spec === undefined && /^-\.?\d/.test(word))) {
      behind[words.push(word) - 1] = open;
      open = undefined;
      continue;
    }
    open = flag.value === undefined && spec?.boolean !== false ? flag.name : undefined;
    if (spec === undefined) {
      complain(unknown(flag.name, specs));
      continue;
    }
    // As in Go, whatever comes next is the value, also if it begins with a dash.
    const value = flag.value ?? (spec.boolean ? 'true' : argv[++at]);
    if (value === undefined) complain({ message: `the flag -${flag.name} needs a value`, hint: '' });
    else given.set(spec.name, [...(given.get(spec.name) ?? []), value]);
  }
  return { given, words, behind };
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
  const hint = guess.replace('; ', '').replace('mean ', 'mean -');
  return { message: `unknown flag -${name}`, hint, flag: name };
}
