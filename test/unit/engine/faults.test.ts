/** Faults in the engine: listeners that throw, calls that are lost or late, replies that are cut off. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { Engine, type EngineOptions } from '../../../src/engine/engine.js';
import { type EngineEventMap, EngineEvents } from '../../../src/engine/events.js';
import { gate } from '../../support/engine.js';
import { MemoryServer, MemoryStore } from '../../support/memory-store.js';
import { until } from '../../support/until.js';

const job = (n: number) => `{"class":"J","args":[${n}]}`;

async function engineOn(server: MemoryServer, options: Partial<EngineOptions> = {}) {
  const told: string[] = [];
  const events = new EngineEvents((error, event) => told.push(`${event}: ${error.message}`));
  const store = new MemoryStore(server, { onPush: () => engine.changed(null) });
  const ran: string[] = [];
  const engine: Engine = new Engine({
    store,
    perform: (run) => void ran.push(run.claim.payload.toString()),
    events,
    concurrency: 5,
    intervalMs: 3_600_000,
    pushes: true,
    exitOnComplete: false,
    ...options,
  });
  store.onReconnect = () => engine.reconnected();
  onTestFinished(async () => {
    engine.giveUp();
    await engine.stop();
  });
  return { engine, store, events, told, ran };
}

const fill = (server: MemoryServer, count: number) =>
  server.push('q', ...Array.from({ length: count }, (_, n) => job(n)));

describe('a listener that throws', () => {
  const EVENTS: readonly (keyof EngineEventMap)[] = [
    'started',
    'finished',
    'acked',
    'fenced',
    'called',
    'outage',
    'restored',
    'adopted',
    'occupied',
    'paused',
    'unregistered',
  ];

  test('is told of once, changes nothing for the engine, and the others hear all', async () => {
    const server = new MemoryServer();
    const jobs = gate();
    const { engine, store, events, told } = await engineOn(server, { perform: () => jobs.opened, intervalMs: 5 });
    const heard = new Map<string, number>();
    for (const event of EVENTS) {
      events.on(event, () => {
        throw new Error('no');
      });
      events.on(event, () => void heard.set(event, (heard.get(event) ?? 0) + 1));
    }
    server.paused = true;
    server.records.set(4, { token: 'foreign', queue: 'q', payload: Buffer.from(job(0)) });
    fill(server, 20);
    await engine.start();
    await until(() => heard.has('paused'));
    server.paused = false;
    server.registered = false;
    await until(() => heard.has('unregistered'));
    server.registered = true;
    store.fault = 'after';
    await until(() => heard.has('adopted') && heard.has('occupied') && engine.busy === 4);
    // Somebody declared one of them dead.
    server.records.delete(0);
    jobs.open();
    await until(() => server.processed === 19);
    server.records.delete(4);
    fill(server, 30);
    await until(() => server.processed === 49);
    expect(EVENTS.filter((event) => !heard.has(event))).toEqual([]);
    expect(told.sort()).toEqual(EVENTS.map((event) => `${event}: no`).sort());
    await engine.stop();
  });

  test('nor does a report of it that throws', async () => {
    const events = new EngineEvents(() => {
      throw new Error('the log');
    }).on('restored', () => {
      throw new Error('no');
    });
    expect(() => events.emit('restored', 1)).not.toThrow();
  });
});

describe('a call that comes late, after reconnect and reconcile', () => {
  async function lateCall(options: Partial<EngineOptions> = {}) {
    const server = new MemoryServer();
    const made = await engineOn(server, { concurrency: 3, ...options });
    const { engine, store, events } = made;
    const adopted: number[] = [];
    events.on('adopted', (count) => adopted.push(count));
    store.fault = 'before';
    await engine.start();
    await until(() => store.asked.length > 1 && store.read.length > 0 && server.watchers.size > 0);
    return { ...made, server, adopted, late: () => store.apply([], [0, 1, 2]) };
  }

  test('its claims are found when others are claimed for the same slots', async () => {
    const { server, ran, adopted, late } = await lateCall();
    server.list('q').push(Buffer.from(job(1)), Buffer.from(job(2)), Buffer.from(job(3)));
    expect(late().claims).toHaveLength(3);
    server.push('q', job(4));
    await until(() => server.processed === 4);
    expect(ran.sort()).toEqual([1, 2, 3, 4].map(job));
    expect(adopted.reduce((sum, count) => sum + count)).toBe(3);
  });

  test('also when nothing else comes: at the next look', async () => {
    const { server, late } = await lateCall({ intervalMs: 10 });
    server.list('q').push(Buffer.from(job(1)), Buffer.from(job(2)), Buffer.from(job(3)));
    late();
    await until(() => server.processed === 3);
  });

  test('also while all workers are paused', async () => {
    const { server, late } = await lateCall({ intervalMs: 10 });
    server.list('q').push(Buffer.from(job(1)), Buffer.from(job(2)), Buffer.from(job(3)));
    late();
    server.paused = true;
    await until(() => server.processed === 3);
  });

  test('while this worker is suspended they go back to their queue, in their order', async () => {
    const { engine, server, late } = await lateCall({ intervalMs: 10 });
    engine.suspend(true);
    server.list('q').push(Buffer.from(job(1)), Buffer.from(job(2)), Buffer.from(job(3)));
    late();
    await until(() => server.records.size === 0);
    expect(server.list('q').map(String)).toEqual([1, 2, 3].map(job));
    engine.suspend(false);
    await until(() => server.processed === 3);
  });
});

test("a slot with another program's record is skipped until the next look, and read once", async () => {
  const server = new MemoryServer();
  const { engine, store, events } = await engineOn(server, { concurrency: 2, intervalMs: 50 });
  const occupied: number[] = [];
  events.on('occupied', (slot) => occupied.push(slot));
  server.records.set(0, { token: 'foreign', queue: 'q', payload: Buffer.from(job(0)) });
  fill(server, 10);
  await engine.start();
  await until(() => server.processed === 10);
  expect([occupied, store.read.length]).toEqual([[0], 1]);
  server.records.delete(0);
  // The look takes it back.
  await until(() => store.asked.at(-1) === 2);
});

test('jobs that this process itself pushed are looked for although nobody tells of them', async () => {
  const server = new MemoryServer();
  const { engine } = await engineOn(server);
  await engine.start();
  await until(() => server.watchers.size > 0);
  server.watchers.clear();
  server.push('q', job(1));
  engine.jobsPushed();
  await until(() => server.processed === 1 && server.watchers.size > 0);
});

describe('replies that are cut since they are too large', () => {
  test('claims: smaller calls are made until they go through', async () => {
    const server = new MemoryServer();
    fill(server, 200);
    const { engine, store, events } = await engineOn(server, { concurrency: 40 });
    let cuts = 0;
    events.on('outage', () => void cuts++);
    store.mostInReply = 3;
    await engine.start();
    await until(() => server.processed === 200);
    // What went through at last went on, and the limit was met anew only now and then.
    expect(cuts).toBeLessThan(20);
  });

  test('reads of what the slots hold, too', async () => {
    const server = new MemoryServer();
    fill(server, 40);
    const jobs = gate();
    const { engine, store } = await engineOn(server, { concurrency: 40, perform: () => jobs.opened });
    store.fault = 'after';
    store.mostInReply = 4;
    await engine.start();
    await until(() => engine.busy === 40);
    jobs.open();
    await until(() => server.processed === 40);
  });

  test('an outage makes no call smaller', async () => {
    const server = new MemoryServer();
    const { engine, store } = await engineOn(server, { concurrency: 32 });
    // Redis is away: nobody reconnects.
    store.onReconnect = undefined;
    await engine.start();
    await until(() => server.watchers.size > 0);
    for (let n = 0; n < 3; n++) {
      const calls = store.asked.length + store.read.length;
      store.fault = 'before';
      engine.jobsPushed();
      await until(() => store.asked.length + store.read.length > calls);
    }
    await until(() => store.fault === undefined);
    engine.reconnected();
    engine.jobsPushed();
    await until(() => store.asked.at(-1) === 32);
  });
});
