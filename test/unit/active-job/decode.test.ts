/** Arguments that cannot be decoded, and the application's own decoders. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DecodeOptions, decodeArguments } from '../../../src/active-job/decode.js';
import { encodeArguments } from '../../../src/active-job/encode.js';
import { DeserializationError } from '../../../src/active-job/errors.js';
import { GlobalId, gid } from '../../../src/active-job/global-id.js';
import { indifferentAccess, keywords, symbolKeys } from '../../../src/active-job/hashes.js';
import { RESERVED, SERIALIZERS } from '../../../src/active-job/names.js';
import {
  BigDecimal,
  Duration,
  RubyDate,
  RubyModule,
  RubyObject,
  RubyRange,
  RubyTime,
  symbol,
} from '../../../src/active-job/values.js';
import { decodePayload, encodePayload } from '../../../src/resque/codec.js';

async function refusal(given: unknown, options?: DecodeOptions): Promise<DeserializationError> {
  try {
    await decodeArguments(given, options);
  } catch (error) {
    if (error instanceof DeserializationError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const serialized = (name: string, rest: object) => [
  { _aj_serialized: `ActiveJob::Serializers::${name}Serializer`, ...rest },
];
const USER = { _aj_globalid: 'gid://shop/User/42' };

describe('what cannot be decoded', () => {
  test.each([
    ['no list', 'x', 'the arguments are "x", not a list'],
    ['an object', {}, 'the arguments are an object, not a list'],
    ['an unknown serializer', [{ _aj_serialized: 'MoneySerializer' }], 'Serializer MoneySerializer is not known'],
    ['a serializer of JavaScript', [{ _aj_serialized: 'constructor' }], 'Serializer constructor is not known'],
    ['a serializer without a name', [{ _aj_serialized: null }], 'a serializer is null, not a name'],
    ['a GlobalID of another scheme', [{ _aj_globalid: 'http://shop/User/1' }], '"http://shop/User/1" is no GlobalID'],
    ['a GlobalID without an id', [{ _aj_globalid: 'gid://shop/User/' }], '"gid://shop/User/" is no GlobalID'],
    ['a GlobalID that is no text', [{ _aj_globalid: 12n ** 30n }], 'is no GlobalID'],
    ['a GlobalID of bad escapes', [{ _aj_globalid: 'gid://shop/User/%E0%A4' }], 'is no GlobalID'],
    [
      'a symbol of a number',
      serialized('Symbol', { value: 2n ** 70n }),
      'SymbolSerializer cannot read 1180591620717411303424',
    ],
    ['a date that is none', serialized('Date', { value: '2025-13-01' }), 'DateSerializer cannot read "2025-13-01"'],
    [
      'a time that only JavaScript reads',
      serialized('Time', { value: 'March 7' }),
      'TimeSerializer cannot read "March 7"',
    ],
    ['a decimal that is none', serialized('BigDecimal', { value: '1,5' }), 'BigDecimalSerializer cannot read "1,5"'],
    ['a module without a name', serialized('Module', { value: null }), 'ModuleSerializer cannot read null'],
    ['a duration without parts', serialized('Duration', { value: 1 }), 'DurationSerializer cannot read nothing'],
    ['a duration of odd parts', serialized('Duration', { value: 1, parts: [['minutes', 1]] }), 'cannot read a list'],
    [
      'a range of something unknown',
      serialized('Range', { begin: { _aj_serialized: 'X' } }),
      'Serializer X is not known',
    ],
  ])('%s', async (_what, given, message) => {
    const error = await refusal(given);
    expect(error.message).toMatch(/^Error while trying to deserialize arguments: /);
    expect(error.message).toContain(message);
    expect(error).toMatchObject({ name: 'ActiveJob::DeserializationError', code: 'PAYLOAD' });
  });

  test('what is nested without an end', async () => {
    let given: unknown = 1;
    for (let i = 0; i < 5000; i++) given = i % 2 === 0 ? [given] : { a: given };
    expect((await refusal([given])).message).toContain('nested too deeply');
  });

  test('any JSON is decoded or refused with this error, and no promise is left behind', async () => {
    const key = fc.oneof(
      fc.constantFrom(...Object.values(RESERVED), 'value', 'parts', 'begin', '__proto__'),
      fc.string(),
    );
    const name = fc.constantFrom(...Object.values(SERIALIZERS), 'gid://shop/User/1', '2025-01-02', 'X');
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        fc.oneof(name, fc.jsonValue(), fc.bigInt()),
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
      ),
    }));
    const unhandled: unknown[] = [];
    const listen = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', listen);
    try {
      await fc.assert(
        fc.asyncProperty(tree, fc.boolean(), async (given, late) => {
          const fail = () => {
            throw new Error('no database');
          };
          const globalId = late ? () => Promise.reject(new Error('no database')) : fail;
          const options = { globalId, serializers: { X: globalId } };
          for (const exact of [true, false]) {
            try {
              await decodeArguments([given, given], { ...options, exact });
            } catch (error) {
              expect(error).toBeInstanceOf(DeserializationError);
            }
          }
        }),
        { numRuns: 2000 },
      );
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.off('unhandledRejection', listen);
    }
    expect(unhandled).toEqual([]);
  });
});

describe('encode, then decode', () => {
  const text = fc.string({ unit: 'binary', maxLength: 12 }).filter((one) => !/\p{Surrogate}/u.test(one));
  const key = text.filter((one) => !(Object.values(RESERVED) as string[]).includes(one));
  const plainNumber = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => Math.abs(n) < 2 ** 53 && !Object.is(n, -0)),
    fc.integer(),
    fc.bigInt().filter((n) => n > 2n ** 53n || n < -(2n ** 53n)),
  );
  const digits = (n: number) => String(n).padStart(2, '0');
  const instant = fc
    .record({
      day: fc.tuple(
        fc.integer({ min: 1000, max: 9999 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 28 }),
      ),
      nanos: fc.integer({ min: 0, max: 999_999_999 }),
      hours: fc.integer({ min: 0, max: 23 }),
      zone: fc.constantFrom('Z', '+03:00', '-11:30', '+00:00'),
    })
    .map(({ day, nanos, hours, zone }) => {
      return `${day.map(digits).join('-')}T${digits(hours)}:59:07.${String(nanos).padStart(9, '0')}${zone}`;
    });
  const date = instant.map((one) => one.slice(0, 10));
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.oneof(
        text,
        fc.boolean(),
        fc.constant(null),
        plainNumber,
        text.map(symbol),
        date.map((one) => new RubyDate(one)),
        fc.oneof(plainNumber.map(String), fc.constantFrom('NaN', '-Infinity')).map((one) => new BigDecimal(one)),
        fc.constantFrom('A', 'Reports::Daily', 'Ärger::X9_').map((one) => new RubyModule(one)),
        fc
          .tuple(instant, fc.constantFrom('Time', 'DateTime', 'TimeWithZone'), fc.option(fc.constant('Europe/Moscow')))
          .map(([at, of, zone]) => new RubyTime(at, of, of === 'TimeWithZone' ? (zone ?? undefined) : undefined)),
        fc
          .tuple(plainNumber, fc.array(fc.tuple(fc.constantFrom('days', 'hours'), plainNumber), { maxLength: 3 }))
          .map(([seconds, parts]) => new Duration(seconds, parts)),
        fc
          .tuple(fc.string({ unit: 'grapheme', minLength: 1 }), fc.dictionary(fc.stringMatching(/^[a-z]+$/), text))
          .filter(([id]) => !/\p{Surrogate}/u.test(id))
          .map(([id, params]) => gid('my-shop', 'Shop::Order', id, params)),
      ),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.tuple(tie('value'), tie('value'), fc.boolean()).map(([from, to, open]) => new RubyRange(from, to, open)),
      fc
        .tuple(
          fc.dictionary(key, tie('value'), { maxKeys: 4 }),
          fc.constantFrom(symbolKeys, keywords, indifferentAccess, plain),
        )
        .map(([hash, mark]) => mark(hash)),
    ),
  }));
  function plain<T>(hash: T): T {
    return hash;
  }

  test('is the identity, and the same bytes again', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 4 }), (args) => {
        const bytes = encodePayload('A', encodeArguments(args));
        const arrived = decodePayload(Buffer.from(bytes), true).args;
        const decoded = decodeArguments(arrived, { exact: true }) as unknown[];
        expect(decoded).toEqual(args);
        expect(encodePayload('A', encodeArguments(decoded))).toBe(bytes);
      }),
      { numRuns: 1000 },
    );
  });

  test('a hash of which Ruby said nothing gets no marker', () => {
    const given = [{ a: { b: 1 } }];
    expect(encodeArguments(decodeArguments(given) as unknown[])).toEqual(given);
  });
});

describe('a resolver of GlobalIDs', () => {
  const user = { name: 'Ada' };

  test('gets the GlobalID; its answer stands in its place, however deep', () => {
    const seen: string[] = [];
    const globalId = (one: GlobalId) => {
      seen.push(`${one.app} ${one.model} ${one.id}`);
      return user;
    };
    const decoded = decodeArguments([USER, { to: [USER], _aj_symbol_keys: ['to'] }], { globalId });
    expect(decoded).toEqual([user, { to: [user] }]);
    expect(seen).toEqual(['shop User 42', 'shop User 42']);
  });

  test('may be asynchronous: then all are asked at once, and keys keep their order', async () => {
    const asked: ((user: unknown) => void)[] = [];
    const globalId = () => new Promise((resolve) => asked.push(resolve));
    const range = { _aj_serialized: SERIALIZERS.range, begin: USER, end: 2 };
    const decoded = decodeArguments([{ to: USER, copies: 2 }, range], { globalId });
    expect(decoded).toBeInstanceOf(Promise);
    expect(asked).toHaveLength(2);
    for (const answer of asked) answer(user);
    const [hash, inRange] = (await decoded) as [object, RubyRange];
    expect(Object.entries(hash)).toEqual([
      ['to', user],
      ['copies', 2],
    ]);
    expect(inRange).toEqual(new RubyRange(user, 2));
  });

  test.each([
    ['finds nothing', () => undefined, "Couldn't find User with id 42 (gid://shop/User/42)"],
    ['finds nothing later', async () => null, "Couldn't find User with id 42 (gid://shop/User/42)"],
    ['rejects', () => Promise.reject(new Error('no database')), 'gid://shop/User/42 could not be loaded'],
    [
      'throws',
      () => {
        throw new Error('no database');
      },
      'gid://shop/User/42 could not be loaded',
    ],
  ])('that %s fails the job in a way that may be better the next time', async (_what, globalId, message) => {
    const error = await refusal([USER], { globalId });
    expect(error.message).toContain(message);
    expect(error.code).toBe('STATE');
    if (message.includes('loaded')) expect(error.cause).toMatchObject({ message: 'no database' });
  });

  test('what passes is thrown as it is', async () => {
    const stop = new Error('stop');
    const options = { passes: (thrown: unknown) => thrown === stop };
    const late = decodeArguments([USER], { ...options, globalId: () => Promise.reject(stop) });
    await expect(late).rejects.toBe(stop);
  });

  test('without one the GlobalId itself arrives', () => {
    const [record] = decodeArguments([USER]) as [GlobalId];
    expect(record).toBeInstanceOf(GlobalId);
    expect(String(record)).toBe(USER._aj_globalid);
  });
});

describe("the application's own serializers", () => {
  const money = { _aj_serialized: 'MoneySerializer', cents: 500, owner: USER };

  test('get the members, decoded', async () => {
    const serializers = { MoneySerializer: (fields: object) => fields };
    expect(decodeArguments([money], { serializers, globalId: () => 'Ada' })).toEqual([{ cents: 500, owner: 'Ada' }]);
    const late = decodeArguments([money], { serializers, globalId: async () => 'Ada' });
    expect(await late).toEqual([{ cents: 500, owner: 'Ada' }]);
  });

  test('may answer later, or fail', async () => {
    const later = { MoneySerializer: async ({ cents }: Readonly<Record<string, unknown>>) => Number(cents) / 100 };
    expect(await decodeArguments([money], { serializers: later })).toEqual([5]);
    const failing = {
      MoneySerializer: () => {
        throw new Error('unknown currency');
      },
    };
    const error = await refusal([money], { serializers: failing });
    expect(error.message).toContain('the serializer MoneySerializer failed');
    expect(error.cause).toMatchObject({ message: 'unknown currency' });
  });

  test('are written back', () => {
    const serializers = { MoneySerializer: (fields: object) => new RubyObject('MoneySerializer', { ...fields }) };
    expect(encodeArguments(decodeArguments([money], { serializers }) as unknown[])).toEqual([money]);
  });
});
