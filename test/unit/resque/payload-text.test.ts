import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodePayload } from '../../../src/resque/codec.js';
import { argText, payloadOf, readJobLine } from '../../../src/resque/payload-text.js';

describe('an argument', () => {
  test.each([
    ['Ada', '"Ada"'],
    ['', '""'],
    ['12', '12'],
    ['"12"', '"12"'],
    ['1.0', '1.0'],
    ['-5', '-5'],
    ['012', '"012"'],
    ['12345678901234567890', '12345678901234567890'],
    [' [1, {"a":null}] ', '[1, {"a":null}]'],
    ['true', 'true'],
    ['{a:1}', '"{a:1}"'],
    ['say "hi"\n', '"say \\"hi\\"\\n"'],
    ['"\\ud83d\\ude00"', '"\\ud83d\\ude00"'],
    ['"\\\\ud800"', '"\\\\ud800"'],
  ])('%j is written %s', (word, text) => {
    expect(argText(word)).toBe(text);
  });

  test.each([
    ['"\\ud800"', 'half a surrogate pair'],
    ['{"\\udc00":1}', 'half a surrogate pair'],
    ['[1e999]', 'a number that is too large'],
    [`-${'9'.repeat(400)}`, 'a number that is too large'],
  ])('%s is refused', (word, why) => {
    expect(() => argText(word)).toThrow(why);
  });

  test('makes a payload that says what was typed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.json()), { maxLength: 4 }),
        fc.string({ minLength: 1 }),
        (words, name) => {
          const { class: read, args } = decodePayload(Buffer.from(payloadOf(name, words.map(argText))), false);
          expect(read).toBe(name);
          expect(args).toEqual(words.map(meant));
        },
      ),
    );
  });
});

function meant(word: string): unknown {
  try {
    return JSON.parse(word);
  } catch {
    return word;
  }
}

describe('a line', () => {
  test.each([
    [
      '{"class":"A","args":[1.0,12345678901234567890],"queue":"x"}',
      'x',
      '{"class":"A","args":[1.0,12345678901234567890]}',
    ],
    ['{ "queue" : "x", "args" : [ 1 ] , "class" : "A" }', 'x', '{"class":"A","args":[ 1 ]}'],
    ['{"class":"A"}', 'q', '{"class":"A","args":[]}'],
    ['{"class":"A","args":null}', 'q', '{"class":"A","args":[]}'],
    ['{"class":"A","args":[],"_x":{"queue":"y"}}', 'q', '{"class":"A","args":[],"_x":{"queue":"y"}}'],
    ['{"class":"A","class":"\\u0042","args":[1],"args":[2]}', 'q', '{"class":"\\u0042","args":[2]}'],
  ])('%s goes to %s as %s', (line, queue, payload) => {
    expect(readJobLine(Buffer.from(line), 'q')).toEqual({ queue, payload });
  });

  test.each([
    ['{"class":"A"', 'it is not JSON ('],
    ['[]', 'the job is an array, not an object'],
    ['{"args":[]}', "the job's class is missing, not a string"],
    ['{"class":""}', 'its class is empty'],
    ['{"class":"A","args":{}}', "the job's args are an object, not an array"],
    ['{"class":"A"}', 'it names no queue, and -queue names none'],
    ['{"class":"A","queue":5}', 'its queue must be a name'],
    ['{"class":"A","args":["\\ud800"],"queue":"q"}', 'half a surrogate pair'],
  ])('%s is refused', (line, why) => {
    expect(() => readJobLine(Buffer.from(line), undefined)).toThrow(why);
  });

  test('that is no UTF-8 is refused', () => {
    expect(() => readJobLine(Buffer.from('{"class":"\xff"}', 'latin1'), 'q')).toThrow('it is not valid UTF-8');
  });
});
