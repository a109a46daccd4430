/** Queue patterns match like Ruby's File.fnmatch, and a list selects the queues that Ruby Resque would process. */
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { problemOfPattern, resolveQueues, serves } from '../../src/queue-patterns.js';

function rubyVersion(): string | undefined {
  try {
    return execFileSync('ruby', ['-e', 'print RUBY_VERSION'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return undefined;
  }
}

function fnmatch(pairs: readonly (readonly [string, string])[]): boolean[] {
  const script = 'puts JSON.generate(JSON.parse(STDIN.read).map { |pattern, name| File.fnmatch?(pattern, name) })';
  const options = { input: JSON.stringify(pairs), encoding: 'utf8', env: { ...process.env, LANG: 'C.UTF-8' } } as const;
  return JSON.parse(execFileSync('ruby', ['-rjson', '-e', script], options)) as boolean[];
}

const ruby = rubyVersion();
const title = ruby === undefined ? 'compared with Ruby: not done, since ruby is not installed' : `as in Ruby ${ruby}`;

/** Answers of File.fnmatch? in Ruby 3.1. */
const RECORDED: readonly [string, string, boolean][] = [
  ['*', '', true],
  ['*', 'any/thing', true],
  ['*', '.hidden', false],
  ['.*', '.hidden', true],
  ['?hidden', '.hidden', false],
  ['mail_?', 'mail_1', true],
  ['mail_?', 'mail_12', false],
  ['mail_?', 'mail_é', true],
  ['m*l_*', 'mail_all_l_x', true],
  ['*_x', 'a_x_y', false],
  ['[ab]x', 'ax', true],
  ['[^ab]x', 'ax', false],
  ['[!ab]x', 'cx', true],
  ['[a-c]x', 'bx', true],
  ['[c-a]x', 'bx', false],
  ['[a\\-c]x', 'bx', false],
  ['[a-]x', '-x', true],
  ['a.b*', 'axb', false],
  ['a\\*b*', 'a*bc', true],
  ['a\\*b*', 'axbc', false],
  ['x[]', 'x', false],
];

describe('a pattern', () => {
  test.each(RECORDED)('%s, %s: %s', (pattern, name, expected) => expect(serves([pattern], name)).toBe(expected));

  test.skipIf(ruby === undefined)(title, () => {
    const part = fc.constantFrom('*', '?', '[', ']', '!', '^', '-', '\\', '.', '/', 'a', 'b', 'c', 'é', '😀', '_');
    const pattern = fc
      .array(part, { minLength: 1, maxLength: 8 })
      .map((parts) => parts.join(''))
      .filter((text) => /[*?[\]]/.test(text) && !text.startsWith('!') && problemOfPattern(text) === undefined);
    const name = fc
      .array(fc.constantFrom('a', 'b', 'c', '.', '/', '-', '*', '[', '!', 'é', '😀', '_', '\\'), { maxLength: 8 })
      .map((parts) => parts.join(''));
    const pairs = fc.sample(fc.tuple(pattern, name), 20_000);
    const answers = fnmatch(pairs);
    const wrong = pairs.filter(([one, other], i) => one !== other && serves([one], other) !== answers[i]);
    expect(wrong).toEqual([]);
    expect(answers.filter((answer) => answer).length).toBeGreaterThan(500);
    const table = fnmatch(RECORDED.map(([one, other]) => [one, other]));
    expect(table).toEqual(RECORDED.map(([, , expected]) => expected));
  });

  test.each(['{a,b}', '[ab', 'ab]', '!', '!!a', 'x[a', '*\\'])('%s is invalid', (text) => {
    expect(problemOfPattern(text)).toEqual(expect.any(String));
  });

  test.each(['a\\[b*', '[a\\]b]', '*'])('%s is valid', (text) => expect(problemOfPattern(text)).toBeUndefined());

  test('a long name and many stars take no time that grows without limit', () => {
    expect(serves([`${'*a'.repeat(20)}b*`], 'a'.repeat(5000))).toBe(false);
  });
});

describe('a list', () => {
  const list = (text: string) => text.split(',').map((name) => ({ name, weight: 1 }));
  const names = (text: string, existing: readonly string[]) =>
    resolveQueues(list(text), existing, false).map(({ name }) => name);

  test.each<[string, string[], string[]]>([
    ['critical,mail_*,*,!low', ['low', 'mail_b', 'mail_a', 'x', 'A'], ['critical', 'mail_a', 'mail_b', 'A', 'x']],
    ['*', ['b', 'é', 'a', 'Z', '.x'], ['Z', 'a', 'b', 'é']],
    ['a*,b', ['ab', 'aa'], ['aa', 'ab', 'b']],
    ['*,!mail_*', ['mail_a', 'x'], ['x']],
    ['a,b,!b', ['b'], ['a']],
    ['x,*', [], ['x']],
    ['*', ['😀', '\uffee'], ['\uffee', '😀']],
  ])('%s of %j', (text, existing, expected) => expect(names(text, existing)).toEqual(expected));

  test('by weight: a queue has the weight of its name, else of the first pattern that matches it', () => {
    const weights = [
      { name: '*', weight: 1 },
      { name: 'mail_*', weight: 3 },
      { name: 'critical', weight: 5 },
    ];
    expect(resolveQueues(weights, ['mail_a', 'critical'], true)).toEqual([
      { name: 'critical', weight: 5 },
      { name: 'mail_a', weight: 1 },
    ]);
  });

  test('a worker takes jobs of a queue exactly if its list stands for it', () => {
    const part = fc.constantFrom('*', 'a*', '?b', '[ab]c', 'a', 'ab', '!a*', '!ab', '!b');
    const name = fc.constantFrom('a', 'ab', 'bc', 'ac', 'b', 'c', '.a');
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), name, (parts, queue) => {
        expect(serves(parts, queue)).toBe(names(parts.join(','), [queue]).includes(queue));
      }),
    );
  });
});
