/** The payload codec against JSON.parse, and against integers that JSON.parse cannot hold. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TsworkerError } from '../../../src/errors.js';
import { decodePayload, encodePayload } from '../../../src/resque/codec.js';

const decode = (text: string, useNumber = true) => decodePayload(Buffer.from(text), useNumber);
const argOf = (json: string, useNumber = true): unknown => decode(`{"class":"A","args":[${json}]}`, useNumber).args[0];

function refusal(action: () => unknown): TsworkerError {
  try {
    action();
  } catch (error) {
    if (error instanceof TsworkerError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('decodePayload', () => {
  test('reads class and args, in any order and among other keys', () => {
    expect(decode('{"class":"Archive","args":[35,"tar"]}')).toEqual({ class: 'Archive', args: [35, 'tar'] });
    expect(decode(' {"args":[],"queue":"q","class":"A"}\n')).toEqual({ class: 'A', args: [] });
  });

  test.each(['{"class":"A"}', '{"class":"A","args":null}'])('takes %s for no arguments', (text) => {
    expect(decode(text)).toEqual({ class: 'A', args: [] });
  });

  test.each(['{"password":hunter2}', 'hunter2', ' hunter2"', '["x", hunter2', 'u"hunter2" is not valid JSON'])(
    'shows nothing of the text %j, which may hold secrets',
    (text) => expect(refusal(() => decode(text)).message).not.toContain('hunter'),
  );

  test.each([
    ['', 'the payload is empty'],
    ['{', 'not strict JSON'],
    ['{"class":"A","args":[]} x', 'not strict JSON'],
    ['{"class":"A","args":[NaN]}', 'not strict JSON'],
    ['\ufeff{"class":"A","args":[]}', 'not strict JSON'],
    ['null', 'the payload is null, not an object'],
    ['[1]', 'the payload is an array, not an object'],
    ['"x"', 'the payload is a string, not an object'],
    ['5', 'the payload is a number, not an object'],
    ['{}', "the payload's class is missing"],
    ['{"class":null,"args":[]}', "the payload's class is null"],
    ['{"class":12345678901234567890,"args":[]}', "the payload's class is a bigint"],
    ['{"CLASS":"A"}', "the payload's class is missing"],
    ['{"class":"A","args":{}}', "the payload's args are an object, not an array"],
    ['{"class":"A","args":"x"}', "the payload's args are a string, not an array"],
    ['{"__proto__":{"class":"A","args":[]}}', "the payload's class is missing"],
  ])('refuses %j', (text, message) => {
    const error = refusal(() => decode(text));
    expect(error.code).toBe('PAYLOAD');
    expect(error.message).toContain(message);
    expect(error.message).toContain('{"class":"Archive","args":[35,"tar"]}');
  });

  test('refuses bytes that are not UTF-8, and takes a U+FFFD that is', () => {
    const bad = Buffer.concat([Buffer.from('{"class":"A","args":["'), Buffer.from([0xff]), Buffer.from('"]}')]);
    expect(refusal(() => decodePayload(bad, true)).message).toContain('not valid UTF-8');
    expect(argOf('"\ufffd é 😀"')).toBe('\ufffd é 😀');
  });

  test('keeps __proto__ an own property, with and without large integers', () => {
    for (const extra of ['1', '12345678901234567890']) {
      const arg = argOf(`{"__proto__":{"polluted":${extra}}}`);
      expect(Object.keys(arg as object)).toEqual(['__proto__']);
      expect(Object.getPrototypeOf(arg)).toBe(Object.prototype);
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    }
  });
});

describe('large integers', () => {
  test.each([
    ['9007199254740991', 9007199254740991],
    ['-9007199254740991', -9007199254740991],
    ['9007199254740992', 9007199254740992n],
    ['-9007199254740992', -9007199254740992n],
    ['12345678901234567890', 12345678901234567890n],
    ['18446744073709551615', 18446744073709551615n],
    ['12345678901234567890.0', 12345678901234567000],
    ['12345678901234567890e2', 1.2345678901234568e21],
    ['1e400', Number.POSITIVE_INFINITY],
    ['-0', -0],
    ['0.12345678901234567890', 0.12345678901234568],
    ['"12345678901234567890"', '12345678901234567890'],
    ['"n12345678901234567890"', 'n12345678901234567890'],
    ['"\\"12345678901234567890\\\\"', '"12345678901234567890\\'],
  ])('%s', (json, value) => {
    expect(argOf(json)).toBe(value);
    expect(argOf(`{"12345678901234567890":[${json},"n1","s",99999999999999999999]}`)).toEqual({
      '12345678901234567890': [value, 'n1', 's', 99999999999999999999n],
    });
  });

  test('are rounded as JSON.parse does where useNumber is off', () => {
    expect(argOf('12345678901234567890', false)).toBe(12345678901234567000);
  });

  test('survive 100,000 levels of nesting or fail as a payload, never as a crash', () => {
    const deep = `${'['.repeat(100_000)}12345678901234567890${']'.repeat(100_000)}`;
    let value = argOf(deep);
    while (Array.isArray(value)) value = value[0];
    expect(value).toBe(12345678901234567890n);
    expect(refusal(() => decode('['.repeat(100_000))).code).toBe('PAYLOAD');
  });
});

/** A value, and its JSON text: spaced, escaped at random, integers of any size. */
interface Sample {
  readonly text: string;
  readonly value: unknown;
}

const space = fc.constantFrom('', ' ', '\n', '\t ');
const jsonString = fc
  .tuple(
    fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('__proto__', 'n123', '\\"', '12345678901234567890')),
    fc.boolean(),
  )
  .map(([value, escaped]): Sample => {
    const text = JSON.stringify(value);
    const all = Array.from({ length: value.length }, (_, i) => value.charCodeAt(i).toString(16).padStart(4, '0'));
    return { value, text: escaped ? `"${all.map((code) => `\\u${code}`).join('')}"` : text };
  });
const jsonInteger = fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }).map((big): Sample => {
  const safe = Number.isSafeInteger(Number(big));
  return { value: safe ? Number(big) : big, text: big.toString() };
});
const jsonDouble = fc
  .double({ noNaN: true, noDefaultInfinity: true })
  .filter((n) => !Number.isInteger(n))
  .map((n): Sample => ({ value: n, text: JSON.stringify(n) }));
const jsonOther = fc.constantFrom<Sample>(
  { value: null, text: 'null' },
  { value: true, text: 'true' },
  { value: -0, text: '-0' },
  { value: Number.POSITIVE_INFINITY, text: '1e400' },
  { value: 12345678901234567000, text: '12345678901234567890.00' },
);
const sample = fc.letrec<{ tree: Sample }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    jsonString,
    jsonInteger,
    jsonDouble,
    jsonOther,
    fc.tuple(fc.array(tie('tree'), { maxLength: 5 }), space).map(
      ([items, gap]): Sample => ({
        value: items.map((i) => i.value),
        text: `[${items.map((i) => `${gap}${i.text}${gap}`).join(',')}]`,
      }),
    ),
    fc.tuple(fc.array(fc.tuple(jsonString, tie('tree')), { maxLength: 5 }), space).map(
      ([pairs, gap]): Sample => ({
        value: Object.fromEntries(pairs.map(([k, v]) => [k.value, v.value])),
        text: `{${pairs.map(([k, v]) => `${k.text}${gap}:${gap}${v.text}`).join(`${gap},`)}}`,
      }),
    ),
  ),
})).tree;

describe('properties', () => {
  test('every tree arrives as it was meant, exact integers included', () => {
    fc.assert(
      fc.property(sample, ({ text, value }) => {
        expect(argOf(text)).toStrictEqual(value);
      }),
      { numRuns: 500 },
    );
  });

  test('without useNumber it is JSON.parse', () => {
    fc.assert(
      fc.property(sample, ({ text }) => {
        expect(argOf(text, false)).toStrictEqual(JSON.parse(text));
      }),
    );
  });

  test('any bytes decode or are refused with PAYLOAD', () => {
    const bytes = fc.oneof(
      fc.uint8Array(),
      fc.json().map((text) => Buffer.from(text)),
      fc.tuple(sample, fc.nat()).map(([s, cut]) => Buffer.from(`{"class":"A","args":[${s.text}]}`).subarray(0, cut)),
    );
    fc.assert(
      fc.property(bytes, (input) => {
        try {
          expect(decodePayload(Buffer.from(input), true).args).toBeInstanceOf(Array);
        } catch (error) {
          expect(error).toMatchObject({ code: 'PAYLOAD' });
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('encodePayload', () => {
  test("writes Ruby's key order and exact integers", () => {
    expect(encodePayload('Archive', [35, 'tar'])).toBe('{"class":"Archive","args":[35,"tar"]}');
    expect(encodePayload('A', [12345678901234567890n, { id: -1n }])).toBe(
      '{"class":"A","args":[12345678901234567890,{"id":-1}]}',
    );
  });

  test('writes what JSON.stringify writes', () => {
    const odd = [undefined, new Date(0), { a: undefined, b: [undefined] }, new Set([1]), Object(1), null, Array(2), -0];
    expect(encodePayload('A', odd)).toBe(`{"class":"A","args":${JSON.stringify(odd)}}`);
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), (args) => {
        expect(encodePayload('A', args)).toBe(`{"class":"A","args":${JSON.stringify(args)}}`);
      }),
    );
  });

  test.each([
    [[() => 1], 'args[0] is a function'],
    [[1, { a: [Symbol('x')] }], 'args[1].a[0] is a symbol'],
    [[Number.NaN], 'args[0] is NaN'],
    [[{ a: Number.NEGATIVE_INFINITY }], 'args[0].a is -Infinity'],
    [['\ud800'], 'args[0] holds half a surrogate pair'],
    [[{ '\udc00': 1 }], 'args[0] holds half a surrogate pair'],
  ])('refuses %j', (args, message) => {
    const error = refusal(() => encodePayload('A', args));
    expect(error.code).toBe('PAYLOAD');
    expect(error.message).toContain(message);
  });

  test('refuses cycles, an empty class, endless depth; not a value that occurs twice', () => {
    const cycle: unknown[] = [];
    cycle.push({ cycle });
    expect(refusal(() => encodePayload('A', [cycle])).message).toContain('args[0][0].cycle contains itself');
    expect(refusal(() => encodePayload('', [])).message).toContain('name of its class');
    let deep: unknown[] = [];
    for (let i = 0; i < 100_000; i += 1) deep = [deep];
    expect(refusal(() => encodePayload('A', deep)).message).toContain('too deeply');
    const shared = { a: 1 };
    expect(encodePayload('A', [shared, shared])).toBe('{"class":"A","args":[{"a":1},{"a":1}]}');
  });

  test('comes back through decodePayload', () => {
    const leaf = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.boolean(),
      fc.constant(null),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Number.isInteger(n)),
      fc.bigInt().filter((n) => !Number.isSafeInteger(Number(n))),
    );
    const value = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie('tree')),
        fc.dictionary(fc.string({ unit: 'grapheme' }), tie('tree'), { noNullPrototype: true }),
      ),
    })).tree;
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.array(value), (name, args) => {
        expect(decode(encodePayload(name, args))).toStrictEqual({ class: name, args });
      }),
    );
  });
});
