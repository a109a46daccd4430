import fc from 'fast-check';
import { expect, test } from 'vitest';
import { printDocument, printLines, verbatim } from '../../../src/cli/json.js';
import { fakeIo } from '../../support/io.js';

test('a payload is printed as it was pushed, one line each', async () => {
  const io = fakeIo();
  const payloads = ['{"id": 12345678901234567890,\n "f": 1.0}', 'garbage'];
  await printLines(
    io,
    payloads.map((payload) => ({ payload: verbatim(payload) })),
  );
  expect(io.texts.out).toBe('{"payload":{"id": 12345678901234567890,  "f": 1.0}}\n{"payload":"garbage"}\n');
});

test('any payload comes back the same', () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string()), (payload) => {
      const io = fakeIo();
      printDocument(io, { before: '"', payload: verbatim(payload), after: [verbatim(payload)] });
      const printed = JSON.parse(io.texts.out) as { payload: unknown; after: unknown[] };
      const value = typeof verbatim(payload) === 'string' ? payload : (JSON.parse(payload) as unknown);
      expect(printed.payload).toEqual(value);
      expect(printed.after).toEqual([value]);
    }),
  );
});
