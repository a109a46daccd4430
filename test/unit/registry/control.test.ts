/** Orders on the channel of a process: valid ones, and that anything else is ignored. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CANCEL_AS, type ControlOrder, orderText, parseOrder } from '../../../src/registry/control.js';

const id = fc.stringMatching(/^[\w-]{8,64}$/);
const cancel = fc.record({
  kind: fc.constant('cancel' as const),
  id,
  slot: fc.nat(100_000),
  token: fc.string({ minLength: 1, maxLength: 40 }),
  as: fc.constantFrom(...CANCEL_AS),
});
const process = fc.record({ kind: fc.constantFrom('quiet' as const, 'resume' as const, 'stop' as const), id });

test('property: an order is read as it was written, without what stands beside it', () => {
  fc.assert(
    fc.property(fc.oneof(cancel, process), fc.dictionary(fc.constantFrom('x', 'y'), fc.jsonValue()), (order, more) => {
      expect(parseOrder(orderText({ ...more, ...order } as ControlOrder))).toEqual(
        JSON.stringify({ ...more, ...order }).length > 1000 ? undefined : order,
      );
    }),
  );
});

test('property: what is no order is ignored', () => {
  const wrong = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .tuple(cancel, fc.constantFrom('id', 'slot', 'token', 'as', 'kind'), fc.jsonValue())
      .map(([order, key, value]) => {
        const valid = parseOrder(JSON.stringify({ ...order, [key]: value }));
        return valid === undefined ? JSON.stringify({ ...order, [key]: value }) : '{}';
      }),
    fc.string({ minLength: 1001 }),
  );
  fc.assert(
    fc.property(wrong, (text) => {
      expect(parseOrder(text)).toBeUndefined();
    }),
  );
});

test.each([
  ['a slot that is none', { slot: -1 }],
  ['a slot of another type', { slot: '0' }],
  ['no token', { token: '' }],
  ['another ending', { as: 'kill' }],
  ['another kind', { kind: 'exec' }],
  ['an id that would be another key', { id: '../../x:y' }],
])('%s', (_, part) => {
  const order = { kind: 'cancel', id: 'abcdefgh', slot: 0, token: 't', as: 'fail' };
  expect(parseOrder(JSON.stringify(order))).toEqual(order);
  expect(parseOrder(JSON.stringify({ ...order, ...part }))).toBeUndefined();
});
