import { describe, expect, test } from 'vitest';
import { nameWithoutQueues, parseWorkerId } from '../../../src/inspect/worker-id.js';

describe('an id', () => {
  test.each([
    ['Ruby', 'web1:4711:critical,low', { host: 'web1', pid: 4711, slot: '', queues: ['critical', 'low'] }],
    ['Ruby, all queues', 'web1:4711:*', { host: 'web1', pid: 4711, slot: '', queues: ['*'] }],
    ['goworker', 'web1:4711-0:high,high,low', { host: 'web1', pid: 4711, slot: '0', queues: ['high', 'low'] }],
    ['goworker, poller', 'web1:4711-poller:a', { host: 'web1', pid: 4711, slot: 'poller', queues: ['a'] }],
    ['node-resque', 'web1:4711+1:q', { host: 'web1', pid: 4711, slot: '1', queues: ['q'] }],
    ['tsworker', 'web1.ts:4711-24:a:b', { host: 'web1.ts', pid: 4711, slot: '24', queues: ['a:b'] }],
    ['no id', 'me', { host: 'me', pid: undefined, slot: '', queues: [] }],
    ['no queue', 'me:1:', { host: 'me:1:', pid: undefined, slot: '', queues: [] }],
  ])('of %s', (_, id, parsed) => expect(parseWorkerId(id)).toEqual(parsed));

  test('has its queues taken off as node-resque does', () => expect(nameWithoutQueues('h:1+2:a,b:c')).toBe('h:1+2'));
});
