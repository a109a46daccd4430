/** Which messages are ours. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openOrder, openReport, seal } from '../../../src/supervisor/envelope.js';
import type { Order, Report } from '../../../src/supervisor/messages.js';
import { VERSION } from '../../../src/version.js';

const SECRET = 'a secret';
const REPORTS: Report[] = [
  { kind: 'ready', classes: ['A'], tracking: true, limitMs: 0 },
  { kind: 'running', token: 't', running: true },
  { kind: 'pulse', rssMb: 1, running: 0, more: false },
  { kind: 'ended', exitCode: 1, processed: 1, failed: 2, requeued: 0 },
  { kind: 'refused', code: 'JOBS', message: 'm', hint: undefined },
];
const ORDERS: Order[] = [
  { kind: 'stop', reason: 'r' },
  { kind: 'retire', reason: 'r' },
  { kind: 'abort', reason: 'r' },
  { kind: 'processes', count: 2 },
  { kind: 'pause' },
  { kind: 'resume' },
  { kind: 'report' },
];

test('what we seal is opened as it was, in its own direction', () => {
  for (const body of REPORTS) expect(openReport(seal(SECRET, body), SECRET)).toEqual({ body, secret: SECRET });
  for (const body of ORDERS) expect(openOrder(seal(SECRET, body), SECRET)).toEqual({ body, secret: SECRET });
  for (const body of ORDERS) expect(openReport(seal(SECRET, body), SECRET)).toBeUndefined();
});

test('whatever anybody sends without the secret is not ours', () => {
  const similar = fc.record(
    { tsworker: fc.oneof(fc.string(), fc.anything()), version: fc.constantFrom(VERSION, '1'), body: fc.anything() },
    { requiredKeys: [] },
  );
  const wrapped = fc.constantFrom(...REPORTS, ...ORDERS).map((body) => seal('another', body));
  fc.assert(
    fc.property(fc.oneof(fc.anything(), similar, wrapped, fc.constantFrom(...REPORTS)), (message) => {
      expect(openReport(message, SECRET)).toBeUndefined();
      expect(openOrder(message, SECRET)).toBeUndefined();
    }),
  );
});

test('a field of a wrong type is not ours, also with the secret', () => {
  const bodies = fc.constantFrom(...REPORTS).chain((body) => {
    const fields = Object.keys(body).filter((field) => field !== 'hint');
    return fc.constantFrom(...fields).map((field) => ({ ...body, [field]: Symbol('wrong') }));
  });
  fc.assert(
    fc.property(bodies, (body) => {
      expect(openReport({ tsworker: SECRET, version: VERSION, body }, SECRET)).toBeUndefined();
    }),
  );
  for (const kind of ['constructor', '__proto__', 'toString'])
    expect(openReport({ tsworker: SECRET, version: VERSION, body: { kind } }, SECRET)).toBeUndefined();
});

test('another version is told before anything of the message is looked at', () => {
  const message = { tsworker: SECRET, version: '99', body: null };
  expect(openReport(message, SECRET)).toEqual({ otherVersion: '99', secret: SECRET });
  expect(openOrder(message, undefined)).toEqual({ otherVersion: '99', secret: SECRET });
});
