import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { searchEach } from '../../../src/inspect/failed/stoppable-search.js';
import { until } from '../../support/until.js';

const ENDLESS = /^(a+)+$/;
const BAIT = `${'a'.repeat(60)}!`;

test('finds what the expression finds', () => {
  const texts = fc.array(fc.array(fc.stringMatching(/^[ab]{0,4}$/), { maxLength: 3 }), { maxLength: 20 });
  fc.assert(
    fc.property(texts, fc.constantFrom(/a/, /^ab/g, /b$/, /A/i, /(?:)/y), (items, expression) => {
      const expected = items.map((one) => one.some((text) => text.search(expression) !== -1));
      expect(searchEach(expression, items)).toEqual(expected);
    }),
  );
});

test('gives up on one text that would take for ever, and says so', () => {
  expect(() => searchEach(ENDLESS, [['aaa'], ['b'], ['x', BAIT]], 50)).toThrow(
    expect.objectContaining({
      code: 'USAGE',
      message: expect.stringMatching(/\/\^\(a\+\)\+\$\/ takes more than a second/),
    }),
  );
});

test('many texts may take longer than one', () => {
  // Some 20 ms each: together far more than the limit for one.
  const slow = [`${'a'.repeat(21)}!`];
  expect(
    searchEach(
      ENDLESS,
      Array.from({ length: 20 }, () => slow),
      200,
    ),
  ).toEqual(Array.from({ length: 20 }, () => false));
});

test('Ctrl-C ends it, and is heard afterwards', async () => {
  let heard = 0;
  const hear = () => void heard++;
  process.on('SIGINT', hear);
  onTestFinished(() => void process.off('SIGINT', hear));
  // More than one: the first may come before the search has begun.
  const typing = spawn('sh', ['-c', `for i in 1 2; do sleep 0.4; kill -INT ${process.pid}; done`]);
  expect(searchEach(ENDLESS, [['aaa'], ['x', BAIT], ['aaa']], 60_000)).toEqual([true, false, false]);
  await once(typing, 'exit');
  await until(() => heard > 0);
});
