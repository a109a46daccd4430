/** A Redis that is reachable and cannot answer yet: a worker waits, a command reports it at once. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect } from '../../../src/redis/connect.js';
import { startRedis, type TestRedis } from '../../support/redis.js';
import { until } from '../../support/until.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis({ args: ['--busy-reply-threshold', '1'] });
});
afterAll(() => redis.stop());

test('BUSY: who is not patient hears of it at once, who is gets in when it is over', async () => {
  const running = redis.client.eval('while true do end').catch(String);
  const isBusy = async () => (await redis.cli('PING').catch(String)).includes('BUSY');
  await until(isBusy, { what: 'Redis is busy' });
  const options = { uri: redis.uri, name: 'test', silenceMs: 0 };
  let told = 0;
  const patient = connect(options, 'it', { onLoading: () => told++ });
  await expect(connect(options, 'it', { patient: false })).rejects.toMatchObject({
    code: 'REDIS',
    message: expect.stringMatching(/^Redis at it cannot answer yet: BUSY/),
  });
  await until(() => told === 1, { what: 'it was told that Redis is waited for' });
  await redis.cli('SCRIPT', 'KILL');
  expect(await running).toContain('ERR');
  await (await patient).close();
  expect(told).toBe(1);
}, 10_000);
