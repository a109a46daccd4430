import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseQueues, type QueuesInput } from '../../../src/config/queues.js';
import { TsworkerError } from '../../../src/errors.js';

/** The plan as goworker keeps it: every queue as often as it weighs, sorted since only the counts matter there. */
function expand(input: QueuesInput): string[] {
  const { queues } = parseQueues(input).plan;
  return queues.flatMap(({ name, weight }) => Array<string>(weight).fill(name));
}

function problem(input: QueuesInput): string {
  try {
    parseQueues(input);
  } catch (error) {
    if (error instanceof TsworkerError && error.code === 'USAGE') return error.message;
    throw error;
  }
  throw new Error('was accepted');
}

const NON_NUMERIC = 'the weight must be a numeric value';
const NEGATIVE = 'the weight must be 0 or more';
const EMPTY = 'you must specify at least one queue';

describe("goworker's own flag tests", () => {
  test.each([
    ['high', ['high'], false],
    ['high,low', ['high', 'low'], false],
    ['high=2,low=1', ['high', 'high', 'low'], true],
    ['high=2,low', ['high', 'high', 'low'], true],
    ['low=1', ['low'], true],
    ['high=2,,,=1', ['high', 'high'], true],
    [',,,high', ['high'], false],
    ['=1,high', ['high'], true],
    ['=a,high', ['high'], true],
  ])('%s is %j', (text, expected, weighted) => {
    expect(expand(text)).toEqual(expected);
    expect(parseQueues(text).plan.weighted).toBe(weighted);
  });

  test.each(['low=', 'low=a', 'low=1.5', 'low=1=2', 'high=2,low=', 'low=0x2', 'low=1e3', 'low=9999999999999999999'])(
    'refuses %s',
    (text) => expect(problem(text)).toContain(NON_NUMERIC),
  );

  test('refuses a negative weight as such', () =>
    expect(problem('low=-1,b')).toContain(`${NEGATIVE}: queue "low" has -1`));

  test.each(['', ',', ',,,', '=1', ' , ', 'a=0', 'a=0,b=0'])('finds nothing in %j', (text) => {
    expect(problem(text)).toContain(EMPTY);
  });
});

test('says why nothing is left', () => {
  expect(problem('a=0')).toBe('you must specify at least one queue: queue "a" has weight 0 and is left out');
  expect(problem('a=0,b=0')).toContain('"b" has weight 0');
  expect(problem('')).toBe('you must specify at least one queue');
});

describe('what is added to goworker', () => {
  test('trims names and weights', () => {
    expect(parseQueues(' high = 2 , low ').plan.queues).toEqual([
      { name: 'high', weight: 2 },
      { name: 'low', weight: 1 },
    ]);
  });

  test('adds the weights of a queue that is named twice, and drops a repeat in strict order', () => {
    expect(parseQueues('a=2,b,a=3').plan.queues).toEqual([
      { name: 'a', weight: 5 },
      { name: 'b', weight: 1 },
    ]);
    expect(parseQueues('a,b,a').plan).toEqual({
      queues: [
        { name: 'a', weight: 1 },
        { name: 'b', weight: 1 },
      ],
      weighted: false,
    });
  });

  test('leaves out weight 0 and says so', () => {
    const { plan, warnings } = parseQueues('a=0,b=1');
    expect(plan.queues).toEqual([{ name: 'b', weight: 1 }]);
    expect(warnings).toEqual(['queue "a" has weight 0 and is left out']);
    expect(parseQueues('a=0,a=1').warnings).toEqual([]);
  });

  test('takes patterns and exclusions as they are, by weight too', () => {
    expect(parseQueues('critical,mail_*,*,!low').plan).toEqual({
      queues: ['critical', 'mail_*', '*', '!low'].map((name) => ({ name, weight: 1 })),
      weighted: false,
      dynamic: true,
    });
    expect(parseQueues('critical=5,*=1,!low').plan.queues).toEqual([
      { name: 'critical', weight: 5 },
      { name: '*', weight: 1 },
      { name: '!low', weight: 1 },
    ]);
    expect(parseQueues({ '*': 1, critical: 5 }).plan).toMatchObject({ weighted: true, dynamic: true });
  });

  test('with patterns, weight 0 excludes', () => {
    const { plan, warnings } = parseQueues('*=1,low=0');
    expect(plan.queues).toEqual([
      { name: '*', weight: 1 },
      { name: '!low', weight: 1 },
    ]);
    expect(warnings).toEqual(['queue "low" has weight 0 and is left out']);
  });

  test.each([
    ['a[b', 'the queue pattern "a[b" is invalid: there is a "[" without a "]"'],
    ['a]', 'the queue pattern "a]" is invalid: there is a "]" without a "["'],
    ['a,!', 'the queue pattern "!" is invalid: there is no queue behind the "!"'],
    [
      '{a}',
      'the queue pattern "{a}" is invalid: braces match nothing in Resque: write each alternative as a queue of its own',
    ],
    ['*,!low=3', 'an exclusion has no weight: "!low=3"'],
    ['!low', 'you must specify at least one queue: there are only exclusions'],
  ])('refuses %s and explains it', (text, message) => expect(problem(text)).toBe(message));

  test('warns of a colon, which goworker cannot prune', () => {
    const { plan, warnings } = parseQueues('mail:fast');
    expect(plan.queues).toEqual([{ name: 'mail:fast', weight: 1 }]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('goworker cannot prune');
  });

  test('takes arrays and records', () => {
    expect(parseQueues(['high', 'low']).plan).toEqual(parseQueues('high,low').plan);
    expect(parseQueues(['high=2', 'low']).plan).toEqual(parseQueues('high=2,low').plan);
    expect(parseQueues({ high: 2, low: 1 }).plan).toEqual(parseQueues('high=2,low=1').plan);
    expect(problem({ high: 1.5 })).toContain(NON_NUMERIC);
    expect(problem({ high: Number.NaN })).toContain(NON_NUMERIC);
    expect(problem({ 'a,b': 1 })).toContain('comma');
    expect(problem({})).toContain(EMPTY);
    expect(problem([])).toContain(EMPTY);
  });
});

describe('for any queues', () => {
  const name = fc.stringMatching(/^[a-z_][a-z\d_.-]{0,8}$/);
  const parts = fc.array(fc.record({ name, weight: fc.integer({ min: 1, max: 99 }) }), { minLength: 1, maxLength: 20 });
  const blank = fc.constantFrom('', ' ', '=3', ' =');

  test('the sum of the weights is kept, each queue occurs once, and order is that of first mention', () => {
    fc.assert(
      fc.property(parts, fc.array(blank), (list, blanks) => {
        const text = [...blanks, ...list.map((part) => `${part.name}=${part.weight}`)].join(',');
        const { plan } = parseQueues(text);
        const sum = list.reduce((total, { weight }) => total + weight, 0);
        expect(plan.queues.reduce((total, { weight }) => total + weight, 0)).toBe(sum);
        expect(plan.queues.map((queue) => queue.name)).toEqual([...new Set(list.map((part) => part.name))]);
      }),
    );
  });

  test('text without = is strict, whatever else it holds', () => {
    fc.assert(
      fc.property(fc.array(name, { minLength: 1 }), (names) => {
        const { plan } = parseQueues(names.join(', '));
        expect(plan).toEqual({ queues: [...new Set(names)].map((one) => ({ name: one, weight: 1 })), weighted: false });
      }),
    );
  });

  test('any text at all is a plan or a USAGE error', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom('a', 'b', '=', ',', '1', '0', ' ') })),
        (text) => {
          try {
            const { plan } = parseQueues(text);
            expect(plan.queues.length).toBeGreaterThan(0);
            expect(plan.queues.every(({ weight }) => Number.isInteger(weight) && weight >= 1)).toBe(true);
          } catch (error) {
            if (!(error instanceof TsworkerError)) throw error;
            expect(error.code).toBe('USAGE');
          }
        },
      ),
    );
  });
});
