/** Recurring jobs in a Redis Cluster: all keys are in one slot, and every script declares what it needs. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { readEntry } from '../../../src/recurring/entry.js';
import { setText } from '../../../src/recurring/set-text.js';
import { connect } from '../../../src/redis/connect.js';
import { slotOf } from '../../../src/redis/slot.js';
import { createKeys } from '../../../src/resque/keys.js';
import { pauseSchedules, publishSchedule } from '../../../src/resque/schedules.js';
import { Scheduler, type SchedulerMessage } from '../../../src/scheduler/scheduler.js';
import { type Cluster, startCluster } from '../../support/cluster.js';
import { until } from '../../support/until.js';

const NAMESPACE = '{resque}:';
const keys = createKeys(NAMESPACE);
let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster(slotOf('resque'));
});
afterAll(() => cluster?.stop());

async function open() {
  const { uri } = cluster;
  const connection = await connect({ uri, namespace: NAMESPACE, name: 'test', silenceMs: 0 }, uri, { watch: true });
  onTestFinished(() => connection.close());
  return connection;
}

test('what is published is enqueued, each tick once, and not while it is paused', async () => {
  const messages: SchedulerMessage[] = [];
  const producer = await open();
  const connection = await open();
  const locks = [keys.rubySchedulerLock(''), keys.nodeSchedulerLock];
  const scheduler = new Scheduler(connection, { keys, name: 'x.ts:1', locks, tell: (one) => messages.push(one) });
  const entry = (name: string) => ({
    ...{
      ...readEntry(name, { every: '1s', missed: 'all', overlap: name === 'once' ? 'skip' : 'allow' }, 'here'),
      queue: name,
    },
  });
  const set = setText({ entries: [entry('a'), entry('once')], dynamic: true, environment: undefined });
  expect(await publishSchedule(producer, keys, { app: 'app', startedMs: 1, set })).toBe(true);
  await scheduler.start();
  const size = async (queue: string) => Number(await producer.send(['LLEN', keys.queue(queue)]));
  await until(async () => (await size('a')) >= 2, { what: 'two jobs' });
  expect(await pauseSchedules(producer, keys, ['a', 'once'], true)).toEqual([true, true]);
  const [fingerprint, last] = String(await producer.send(['HGET', keys.ticks, 'a'])).split(',');
  expect(fingerprint).toMatch(/^[0-9a-f]{8}$/);
  const jobs = await size('a');
  await scheduler.stop();
  expect(await size('a')).toBe(jobs);
  expect(String(await producer.send(['HGET', keys.ticks, 'a']))).toContain(`,${last},`);
  expect(await size('once')).toBe(1);
  expect(messages.filter(({ kind }) => kind === 'schedule problem' || kind === 'scheduler problem')).toEqual([]);
});
