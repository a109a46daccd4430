/**
 * All services are started and stopped in any order and any number of times: each call ends, and nothing continues
 * after the last stop. One of them runs in a thread, from the built dist.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, test } from 'vitest';
import { Engine } from '../../src/engine/engine.js';
import { EngineEvents } from '../../src/engine/events.js';
import { Histogram } from '../../src/metrics/histogram.js';
import { LagSampler } from '../../src/metrics/lag.js';
import type { Connection } from '../../src/redis/connection.js';
import { Heartbeat } from '../../src/registry/heartbeat/heartbeat.js';
import { ThreadedHeartbeat } from '../../src/registry/heartbeat/threaded.js';
import type { Identity } from '../../src/registry/identity.js';
import { createScheduler } from '../../src/scheduler/create.js';
import type { Service } from '../../src/service.js';
import { WebServer } from '../../src/web/server.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { testConnection, testStore } from '../support/store.js';
import { until, within } from '../support/until.js';

let redis: TestRedis;
let connection: Connection;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  await redis.client.flushAll();
  connection = await testConnection(redis.uri);
});

const IDENTITY: Identity = { namespace: 'resque:', label: 'host.ts', pid: 1, queues: 'q', concurrency: 2 };
const HEARTBEAT = { identity: IDENTITY, heartbeatMs: 1, pruneAfterMs: 60_000, forcePrune: false };

const SERVICES: readonly [string, () => Service][] = [
  ['the sampler of the event loop', () => new LagSampler(new Histogram([1]))],
  ['the web server', () => new WebServer({ host: '127.0.0.1', port: 0 } as never, {}, () => {})],
  ['the heartbeat', () => new Heartbeat(connection, HEARTBEAT, () => {})],
  [
    'the scheduler',
    () => createScheduler(connection, { namespace: 'resque:', label: 'l', pid: 1, lockPrefix: '' }, () => {}),
  ],
  [
    'the engine',
    () =>
      new Engine({
        store: testStore(connection, 'q'),
        perform: () => {},
        events: new EngineEvents(() => {}),
        concurrency: 2,
        intervalMs: 1,
        pushes: false,
        exitOnComplete: false,
      }),
  ],
];

/** Calls that are waited for, and calls that are not. */
const calls = fc.array(fc.constantFrom('start', 'stop', 'start and wait', 'stop and wait'), { maxLength: 8 });

async function drive(service: Service, sequence: readonly string[]): Promise<void> {
  const pending: Promise<void>[] = [];
  for (const call of sequence) {
    const done = call.startsWith('start') ? service.start() : service.stop();
    pending.push(done);
    if (call.endsWith('wait')) await within(done, 5000, `${service.name}: ${call}`);
  }
  await within(Promise.all([...pending, service.stop(), service.stop()]), 5000, `${service.name} to stop`);
  await within(service.stop(), 5000, `${service.name} to stop again`);
}

const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;

test.each(SERVICES)('%s', async (_name, create) => {
  await fc.assert(
    fc.asyncProperty(calls, async (sequence) => {
      const before = timers();
      await drive(create(), sequence);
      // The connection has some of its own now and then.
      await until(() => timers() <= before, { what: 'no timer is left' });
    }),
    { numRuns: 60 },
  );
});

test('the heartbeat in its thread', async () => {
  const connect = { uri: redis.uri, namespace: 'resque:', name: 'threaded', silenceMs: 0 };
  const data = { connect, shownUri: redis.uri, heartbeat: HEARTBEAT, scheduler: undefined };
  const connected = async () => String(await redis.client.sendCommand(['CLIENT', 'LIST'])).includes('name=threaded');
  await fc.assert(
    fc.asyncProperty(calls, async (sequence) => {
      await drive(new ThreadedHeartbeat(data, () => {}), sequence);
      await until(async () => !(await connected()), { what: 'its connection is closed' });
    }),
    { numRuns: 8 },
  );
});
