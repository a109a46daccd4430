/** The smallest ACL: each command in it is needed, and the documentation names the same. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect } from '../../../src/redis/connect.js';
import { ACL_OF_HISTORY, ACL_OF_WAIT, DISPENSABLE, SMALLEST_ACL } from '../../support/acl.js';
import { page } from '../../support/pages.js';
import { startRedis, type TestRedis } from '../../support/redis.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

async function connectAs(acl: readonly string[], options: { waitReplicas?: number } = {}): Promise<string> {
  await redis.client.sendCommand(['ACL', 'SETUSER', 'worker', 'reset', 'on', '>pw', '~resque:*', ...acl]);
  const uri = redis.uri.replace('unix://', 'unix://worker:pw@');
  const given = { uri, namespace: 'resque:', name: 'test', silenceMs: 0, ...options };
  try {
    const connection = await connect(given, 'it', { watch: true });
    await connection.close();
    return 'connected';
  } catch (error) {
    return String((error as Error).message);
  }
}

test('all of it is enough', async () => {
  expect(await connectAs(SMALLEST_ACL)).toBe('connected');
});

test.each(SMALLEST_ACL.filter((word) => !DISPENSABLE.includes(word)))(
  'without %s it does not start, and says so',
  async (word) => {
    const message = await connectAs(SMALLEST_ACL.filter((other) => other !== word));
    const command = word.slice(1);
    expect(message).toMatch(
      new RegExp(`^Redis at it rejected the connection: .*(may not run ${command}$|'${command}')`),
    );
  },
);

test('without what is dispensable it starts', async () => {
  expect(await connectAs(SMALLEST_ACL.filter((word) => !DISPENSABLE.includes(word)))).toBe('connected');
});

test('-wait-replicas needs WAIT', async () => {
  expect(await connectAs(SMALLEST_ACL, { waitReplicas: 1 })).toContain('may not run wait');
  expect(await connectAs([...SMALLEST_ACL, ACL_OF_WAIT], { waitReplicas: 1 })).toBe('connected');
});

test('the documentation names the same', () => {
  for (const word of [...SMALLEST_ACL, ...ACL_OF_HISTORY]) expect(page('config/README.md')).toContain(word);
});
