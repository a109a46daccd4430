import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseTime } from '../../../src/inspect/time.js';

const AT = Date.UTC(2026, 10, 24, 2, 58, 25);

test.each<[string, unknown]>([
  ['Ruby, the record and the heartbeat', '2026-11-24T02:58:25Z'],
  ['Ruby, in a zone of its own', '2026-11-24T05:58:25+03:00'],
  ['Ruby, started', '2026-11-24 02:58:25 +0000'],
  ['Ruby, failed_at', '2026/11/24 02:58:25 UTC'],
  ['goworker', '2026-11-24T05:58:25.000462355+03:00'],
  ['goworker, started', '2026-11-24 05:58:25.000355261 +0300 MSK m=+0.016242135'],
  ['node-resque', 'Tue Nov 24 2026 02:58:25 GMT+0000 (Coordinated Universal Time)'],
  ['node-resque, started', String(AT / 1000)],
  ['node-resque, ping', AT / 1000],
  ['ActiveJob', '2026-11-24T02:58:25.000807221Z'],
  ['php-resque', AT / 1000 + 0.0004],
  ['JavaScript', AT],
])('%s: %j', (_, value) => expect(parseTime(value)).toBe(AT));

test.each([
  '',
  'garbage',
  '24.11.2026',
  '2026/11/24 02:58:25 MSK',
  '2026-11-24T02:58:25',
  '2026-13-45T99:00:00Z',
  '7',
  null,
  {},
  -1,
])('says nothing of %j', (value) => expect(parseTime(value)).toBeUndefined());

test('reads whatever JavaScript writes, to the millisecond', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date('1971-01-01'), max: new Date('2999-12-31'), noInvalidDate: true }), (date) => {
      expect(parseTime(date.toISOString())).toBe(date.getTime());
    }),
  );
});
