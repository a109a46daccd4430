/** `tsworker locks`: what is listed, shown and released, on a real Redis. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { main } from '../../../src/cli/main.js';
import type { Outcome } from '../../../src/job.js';
import type { Connection } from '../../../src/redis/connection.js';
import { enqueueDelayed, enqueueJobs } from '../../../src/resque/enqueue.js';
import { createKeys } from '../../../src/resque/keys.js';
import { asError } from '../../../src/thrown.js';
import { fakeIo } from '../../support/io.js';
import { startRedis, type TestRedis } from '../../support/redis.js';
import { NAMESPACE, testConnection, testStore, testWorkerId } from '../../support/store.js';

let redis: TestRedis;
let connection: Connection;
const keys = createKeys(NAMESPACE);
beforeAll(async () => {
  redis = await startRedis();
});
beforeEach(async () => {
  await redis.client.flushAll();
  connection = await testConnection(redis.uri);
});
afterAll(() => redis?.stop());

async function run(line: string) {
  const io = fakeIo();
  const code = await main(line.split(' '), { REDIS_URL: redis.uri }, io);
  return { code, out: io.texts.out, err: io.texts.err };
}

const job = (name: string, id: number) => ({ queue: 'q', class: name, args: [id], unique: { ttl: 600 } });
const held = async () => (await redis.client.keys('resque:tsworker:unique:*')).length;
const lockOf = async (name: string) =>
  (await redis.client.keys(`resque:tsworker:unique:${name}:*`))[0]?.slice(23) ?? '';

test('lists them, of a class, so many, for people and for machines', async () => {
  expect(await run('locks')).toMatchObject({ code: 0, out: expect.stringContaining('no locks of unique jobs in') });
  await enqueueJobs(connection, NAMESPACE, [job('Sync', 1), job('Sync', 2), job('Mail', 1)]);
  await redis.client.rPush(`${keys.unique('Odd')}:1`, 'another program wrote that');
  const people = await run('locks -class=Sync');
  expect(people.out).toMatch(
    /^LOCK +CLASS +EXPIRES IN\n([0-9a-f]{7} +Sync +(10m 0s|9m \d+s)\n){2}\n2 locks of unique jobs of Sync\n$/,
  );
  expect((await run('locks -count=1')).out).toContain('1 of 3 locks of unique jobs');
  const lines = (await run('locks -class=Mail -json')).out;
  expect(JSON.parse(lines)).toEqual({
    lock: await lockOf('Mail'),
    class: 'Mail',
    token: expect.any(String),
    expiresInSeconds: expect.any(Number),
  });
});

test('shows the job that holds one, wherever it is', async () => {
  const place = async () => {
    const hash = (await lockOf('Sync')).split(':')[1].slice(0, 8);
    return JSON.parse((await run(`locks show ${hash} -json`)).out).job;
  };
  const [result] = await enqueueDelayed(connection, keys, [{ ...job('Sync', 1), due: { inMs: 60_000 } }]);
  expect(await place()).toMatchObject({ place: 'delayed', queue: 'q', worker: null, class: 'Sync' });
  await run('delayed run --all');
  expect(result.status).toBe('delayed');
  expect(await place()).toMatchObject({ place: 'queued', queue: 'q' });
  const store = testStore(connection, 'q');
  await redis.client.sAdd(keys.workers, testWorkerId(0));
  const { claims } = await store.ackAndClaim([], [0]);
  expect(await place()).toMatchObject({ place: 'running', queue: 'q', worker: testWorkerId(0) });
  expect((await run(`locks show ${await lockOf('Sync')}`)).out).toMatch(/\njob +runs\nqueue +q\nworker +test\.ts/);
  const state = { id: 'x', attempt: 2, postponed: 0, firstFailedAt: undefined, errors: [] };
  const outcome: Outcome = { kind: 'retry', error: asError(new Error('boom')), inMs: 60_000, counts: true, state };
  await store.ackAndClaim([{ claim: claims[0], outcome }], []);
  expect(await place()).toMatchObject({ place: 'retrying', queue: 'q' });
  await redis.client.del(keys.retriesOf('q'));
  expect(await place()).toBeNull();
  expect((await run(`locks show ${await lockOf('Sync')}`)).out).toContain('none was found: it was lost');
  expect(await run('locks show nothing')).toMatchObject({
    code: 1,
    err: expect.stringContaining('there is no lock nothing'),
  });
});

test('releases those that are named, or of a class, or all, after asking', async () => {
  await enqueueJobs(connection, NAMESPACE, [job('Sync', 1), job('Sync', 2), job('Mail', 1), job('Other', 1)]);
  expect(await run('locks release')).toMatchObject({
    code: 2,
    err: expect.stringContaining('say which locks to release'),
  });
  expect((await run('locks release -class=Sync --dry-run')).out).toBe('2 locks would be released\n');
  expect(await run('locks release -class=Sync')).toMatchObject({ code: 2, err: expect.stringContaining('--yes') });
  expect(await held()).toBe(4);
  expect(await run('locks release -class=Sync --yes')).toMatchObject({ code: 0, out: '2 locks released\n' });
  expect(await run(`locks release ${await lockOf('Mail')} nothing --yes`)).toMatchObject({
    code: 1,
    out: '1 lock released\n',
    err: expect.stringContaining('there is no lock nothing'),
  });
  expect(JSON.parse((await run('locks release --all --yes -json')).out)).toEqual({
    ...{ released: 1, dryRun: false, gone: 0, missing: [] },
  });
  expect(await held()).toBe(0);
});

test('a queue that is removed takes the locks of its jobs with it, and no others', async () => {
  await enqueueJobs(connection, NAMESPACE, [job('Sync', 1), { queue: 'q', class: 'Plain' }, job('Sync', 2)]);
  await enqueueJobs(connection, NAMESPACE, [{ ...job('Sync', 3), queue: 'other' }]);
  expect(await run('queues remove q --yes')).toMatchObject({ code: 0, out: expect.stringContaining('3 jobs') });
  expect(await held()).toBe(1);
});
