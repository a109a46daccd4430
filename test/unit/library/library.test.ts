/** The library's types, as programs use them. */
import { createClient } from '@redis/client';
import { expect, expectTypeOf, test } from 'vitest';
import type { WorkSettings } from '../../../src/index.js';
import { connectLike } from '../../../src/redis/connect.js';

test('settings take a client of node-redis', () => {
  expectTypeOf(createClient()).toExtend<NonNullable<WorkSettings['redis']>>();
  expectTypeOf(createClient({ RESP: 2 })).toExtend<NonNullable<WorkSettings['redis']>>();
});

test('a client that is none of node-redis 5 or newer is refused in words', async () => {
  const old = { isReady: true, isOpen: true, quit() {}, duplicate() {} };
  await expect(connectLike(old as never, 0)).rejects.toThrow(/node-redis 5 or newer/);
});
