import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { membersOf } from '../../../src/resque/json-scan.js';

/** JSON of one value, with as much blank space between the tokens as `blank` says. */
function written(value: unknown, blank: string): string {
  if (Array.isArray(value))
    return `[${blank}${value.map((one) => written(one, blank)).join(`${blank},${blank}`)}${blank}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, one]) => member(key, written(one, blank), blank));
  return `{${blank}${members.join(`${blank},${blank}`)}${blank}}`;
}

function member(key: string, text: string, blank: string): string {
  return `${JSON.stringify(key)}${blank}:${blank}${text}`;
}

const blanks = fc.constantFrom('', ' ', '\n\t ', '\r\n');

/** undefined where it is no object. */
function parse(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

describe('membersOf', () => {
  test('finds every member, byte for byte, whatever it holds', () => {
    const keys = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('payload', 'class', '"', '\\', '__proto__', ''),
    );
    const members = fc.array(fc.tuple(keys, fc.jsonValue({ stringUnit: 'binary' })), { maxLength: 6 });
    fc.assert(
      fc.property(members, blanks, (pairs, blank) => {
        const texts = pairs.map(([key, value]) => [key, written(value, blank)] as const);
        const json = Buffer.from(
          `${blank}{${blank}${texts.map(([key, text]) => member(key, text, blank)).join(`${blank},${blank}`)}${blank}}${blank}`,
        );
        const found = membersOf(json)?.map(({ key, from, to }) => [key, json.toString('utf8', from, to)]);
        expect(found).toEqual(texts.map(([key, text]) => [JSON.parse(JSON.stringify(key)), text]));
      }),
      { numRuns: 500 },
    );
  });

  test('takes for an object what JSON.parse takes for one, and never throws', () => {
    const parts = fc.constantFrom('{', '}', '[', ']', '"', '\\', ',', ':', 'a', '1', ' ', '"a":1', 'null', '\u00ff');
    const texts = fc.oneof(
      fc.array(parts, { maxLength: 12 }).map((all) => all.join('')),
      fc.json().map((json) => json.slice(0, -1)),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const found = membersOf(Buffer.from(text))?.map(({ key }) => key);
        const parsed = parse(text);
        if (parsed !== undefined) expect(new Set(found)).toEqual(new Set(Object.keys(parsed)));
        if (!/^\s*\{.*\}\s*$/s.test(text)) expect(found).toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });

  test('keeps bytes that are no UTF-8, and both of two with one key', () => {
    const json = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff, 0xc3, 0x28]), Buffer.from('","a":1.0}')]);
    const found = membersOf(json)?.map(({ key, from, to }) => [key, json.subarray(from, to).toString('latin1')]);
    expect(found).toEqual([
      ['a', '"\xff\xc3("'],
      ['a', '1.0'],
    ]);
  });
});
