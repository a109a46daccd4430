/**
 * Queue patterns as Ruby Resque knows them: `critical,mail_*,*,!low`. A pattern stands for the queues in Redis' set that
 * it matches, in the order of their bytes; `!` in front excludes. Pure.
 */

/** Anything that ends up in a list of queues: a name, a pattern, or an exclusion. */
export interface Weighted {
  readonly name: string;
  readonly weight: number;
}

/** The queues of a worker as they are configured. */
export interface QueueList {
  readonly queues: readonly Weighted[];
  readonly weighted: boolean;
  /** There are patterns or exclusions: the list is resolved with the queues that exist. */
  readonly dynamic?: true;
}

export function isPattern(name: string): boolean {
  return /[*?[\]]/.test(name);
}

export function isExclusion(name: string): boolean {
  return name.startsWith('!');
}

/** Whether the list has to be compared with the queues that exist. */
export function isDynamic(names: readonly string[]): boolean {
  return names.some((name) => isExclusion(name) || isPattern(name));
}

/**
 * The queues that a list stands for, each once, where it is mentioned first. A name that is not a pattern stands for
 * itself, whether the queue exists or not. By weight, a queue that is mentioned by name has the weight given there.
 * @param existing the names in Redis' set
 */
export function resolveQueues(list: readonly Weighted[], existing: readonly string[], weighted: boolean): Weighted[] {
  return createResolver(list, weighted)(existing);
}

/** The same for one list and sets that change little: it remembers which names match. */
export function createResolver(
  list: readonly Weighted[],
  weighted: boolean,
): (existing: readonly string[]) => Weighted[] {
  const entries = list.map((entry) => ({ ...entry, matches: remembering(matcher(withoutMark(entry.name))) }));
  const excluded = entries.filter(({ name }) => isExclusion(name));
  const included = entries.filter(({ name }) => !isExclusion(name));
  const named = new Map(included.filter(({ name }) => !isPattern(name)).map(({ name, weight }) => [name, weight]));
  return (existing) => {
    const sorted = included.some(({ name }) => isPattern(name)) ? byBytes(existing) : [];
    const found = new Map<string, number>();
    for (const { name, weight, matches } of included)
      for (const one of isPattern(name) ? sorted : [name])
        if (!found.has(one) && matches(one) && !excluded.some((entry) => entry.matches(one)))
          found.set(one, weighted ? (named.get(one) ?? weight) : 1);
    return [...found].map(([name, weight]) => ({ name, weight }));
  };
}

/** Whether a worker with this list takes jobs of a queue. */
export function serves(list: readonly string[], queue: string): boolean {
  const includes = (one: string) => (isPattern(one) ? matcher(one)(queue) : one === queue);
  if (list.some((one) => isExclusion(one) && includes(one.slice(1)))) return false;
  return list.some((one) => !isExclusion(one) && includes(one));
}

/** What is wrong with a pattern, or undefined. */
export function problemOfPattern(text: string): string | undefined {
  const pattern = withoutMark(text);
  if (pattern === '') return 'there is no queue behind the "!"';
  if (isExclusion(pattern)) return 'there are two "!"';
  if (/[{}]/.test(pattern)) return 'braces match nothing in Resque: write each alternative as a queue of its own';
  let open = false;
  for (let i = 0; i < pattern.length; i++) {
    if (pattern[i] === '\\') {
      i++;
      if (i === pattern.length) return 'there is nothing behind the "\\"';
    } else if (pattern[i] === '[') open = true;
    else if (pattern[i] === ']' && !open) return 'there is a "]" without a "["';
    else if (pattern[i] === ']') open = false;
  }
  return open ? 'there is a "[" without a "]"' : undefined;
}

function withoutMark(name: string): string {
  return isExclusion(name) ? name.slice(1) : name;
}

/** The order of UTF-16 is that of the bytes but for the characters beyond its first 55,296. */
function byBytes(names: readonly string[]): string[] {
  const sorted = [...names].sort();
  if (!sorted.some((name) => /[\ud800-\uffff]/.test(name))) return sorted;
  return sorted
    .map((name) => ({ name, bytes: Buffer.from(name) }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ name }) => name);
}

const MOST_REMEMBERED = 100_000;

function remembering(matches: (name: string) => boolean): (name: string) => boolean {
  const known = new Map<string, boolean>();
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    if (known.size >= MOST_REMEMBERED) known.clear();
    const answer = matches(name);
    known.set(name, answer);
    return answer;
  };
}

function matcher(pattern: string): (name: string) => boolean {
  if (!isPattern(pattern)) return (name) => name === pattern;
  const characters = [...pattern];
  return (name) => matches(characters, [...name]);
}

/** Where an attempt goes on after it failed: the latest `*` takes one character more. */
interface Star {
  readonly pattern: number;
  name: number;
}

/**
 * Ruby's File.fnmatch without flags: `*`, `?`, `[ab]`, `[a-z]`, `[^a]`, `[!a]`, and `\` before a character that is meant
 * itself. They match `/` too, and none of them a dot in front.
 */
function matches(pattern: readonly string[], name: readonly string[]): boolean {
  if (name[0] === '.' && pattern[unescaped(pattern, 0)] !== '.') return false;
  let [p, n] = [0, 0];
  let star: Star | undefined;
  for (;;) {
    if (pattern[p] === '*') {
      while (pattern[p] === '*') p++;
      if (p === pattern.length) return true;
      star = { pattern: p, name: n };
      continue;
    }
    const next = n < name.length ? step(pattern, p, name[n]) : undefined;
    if (next !== undefined) {
      p = next;
      n++;
    } else {
      if (n >= name.length) return p >= pattern.length;
      if (star === undefined) return false;
      p = star.pattern;
      n = ++star.name;
    }
  }
}

/** The place in the pattern behind what matches this character; undefined if it does not match. */
function step(pattern: readonly string[], at: number, character: string): number | undefined {
  if (at >= pattern.length) return undefined;
  if (pattern[at] === '?') return at + 1;
  if (pattern[at] === '[') return bracket(pattern, at + 1, character);
  const plain = unescaped(pattern, at);
  return pattern[plain] === character ? plain + 1 : undefined;
}

function bracket(pattern: readonly string[], from: number, character: string): number | undefined {
  const negated = pattern[from] === '!' || pattern[from] === '^';
  let at = negated ? from + 1 : from;
  let found = false;
  while (pattern[at] !== ']') {
    const first = unescaped(pattern, at);
    if (first >= pattern.length) return undefined;
    at = first + 1;
    let last = first;
    if (pattern[at] === '-' && pattern[at + 1] !== ']') {
      last = unescaped(pattern, at + 1);
      if (last >= pattern.length) return undefined;
      at = last + 1;
    }
    const code = codeOf(character);
    const between = codeOf(pattern[first]) <= code && code <= codeOf(pattern[last]);
    if (between || character === pattern[first] || character === pattern[last]) found = true;
  }
  return found === negated ? undefined : at + 1;
}

function unescaped(pattern: readonly string[], at: number): number {
  return pattern[at] === '\\' && at + 1 < pattern.length ? at + 1 : at;
}

function codeOf(character: string): number {
  return character.codePointAt(0) as number;
}
