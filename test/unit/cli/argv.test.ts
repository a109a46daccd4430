import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type FlagSpec, readArgv } from '../../../src/cli/argv.js';

const SPECS: ReadonlyMap<string, FlagSpec> = new Map(
  [
    { name: 'queues', boolean: false },
    { name: 'uri', boolean: false },
    { name: 'jobs', boolean: false },
    { name: 'exit-on-complete', boolean: true },
  ].map((spec) => [spec.name, spec]),
);

const read = (...argv: string[]) => {
  const { given, words } = readArgv(argv, SPECS);
  return { given: Object.fromEntries(given), words };
};

describe("Go's flag syntax", () => {
  test.each([
    [['-queues=a'], { queues: ['a'] }, []],
    [['-queues', 'a'], { queues: ['a'] }, []],
    [['--queues=a'], { queues: ['a'] }, []],
    [['--queues', 'a'], { queues: ['a'] }, []],
    [['-queues=high=2,low=1'], { queues: ['high=2,low=1'] }, []],
    [['-queues='], { queues: [''] }, []],
    [['-queues', '-uri'], { queues: ['-uri'] }, []],
    [['-queues', '--'], { queues: ['--'] }, []],
    [['-exit-on-complete'], { 'exit-on-complete': ['true'] }, []],
    [['-exit-on-complete=false'], { 'exit-on-complete': ['false'] }, []],
    [['-exit-on-complete', 'false'], { 'exit-on-complete': ['true'] }, ['false']],
    [['-jobs=a', '-jobs', 'b'], { jobs: ['a', 'b'] }, []],
    [['config', '-uri=x', '--', '-queues=a'], { uri: ['x'] }, ['config', '-queues=a']],
    [['-'], {}, ['-']],
    [['-queues=a\nb'], { queues: ['a\nb'] }, []],
  ])('%j', (argv, given, words) => expect(read(...argv)).toEqual({ given, words }));

  test('passes over what it does not know, and names it', () => {
    const read = readArgv(['-what=1', '-jobs', 'j', 'config', '-__proto__=1', '--so', 'x', '-queues'], SPECS);
    expect(Object.fromEntries(read.given)).toEqual({ jobs: ['j'] });
    expect(read.words).toEqual(['config', 'x']);
    expect(read.unknown).toEqual(['what', '__proto__', 'so']);
    expect(read.incomplete).toBe('queues');
  });

  test('a negative number is a word, a word behind a flag without a value may belong to it', () => {
    expect(read('Add', '-1', '-.5', '-2e3')).toEqual({ given: {}, words: ['Add', '-1', '-.5', '-2e3'] });
    const { behind } = readArgv(['a', '-tenant', 'b', '-exit-on-complete', 'c', 'd', '-uri', 'u', 'e'], SPECS);
    expect(behind).toEqual([undefined, 'tenant', 'exit-on-complete', undefined, undefined]);
  });
});

describe('any mix of spellings', () => {
  const value = fc.oneof(fc.string(), fc.constantFrom('-queues', '--', '-x=y', '=', ''));
  const flag = fc.oneof(
    fc.record({ name: fc.constantFrom('queues', 'uri', 'jobs'), value }),
    fc.record({ name: fc.constant('exit-on-complete'), value: fc.constantFrom('true', 'false') }),
    fc.record({ name: fc.constant(''), value: fc.stringMatching(/^[a-z]+$/) }),
  );
  const spelled = fc.array(fc.tuple(flag, fc.nat({ max: 3 })), { maxLength: 12 });

  function spell({ name, value: text }: { name: string; value: string }, spelling: number): string[] {
    const dashes = spelling % 2 === 0 ? '-' : '--';
    if (name === '') return [text];
    if (spelling < 2) return [`${dashes}${name}=${text}`];
    if (name !== 'exit-on-complete') return [`${dashes}${name}`, text];
    return text === 'true' ? [`${dashes}${name}`] : [`${dashes}${name}=${text}`];
  }

  test('yields the same values', () => {
    fc.assert(
      fc.property(spelled, (flags) => {
        const mixed = readArgv(
          flags.flatMap(([one, spelling]) => spell(one, spelling)),
          SPECS,
        );
        const plain = readArgv(
          flags.flatMap(([one]) => spell(one, 0)),
          SPECS,
        );
        expect({ ...mixed, behind: [] }).toEqual({ ...plain, behind: [] });
        expect(mixed.words).toEqual(flags.filter(([one]) => one.name === '').map(([one]) => one.value));
        for (const name of ['queues', 'uri', 'jobs']) {
          const values = flags.filter(([one]) => one.name === name).map(([one]) => one.value);
          expect(mixed.given.get(name) ?? []).toEqual(values);
        }
      }),
    );
  });
});
