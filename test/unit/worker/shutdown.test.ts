/** The steps of a shutdown, with fake jobs and a clock that the test moves. */
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Shutdown, type Stoppable } from '../../../src/worker/shutdown.js';

// What the sources take from the module are the played timers too.
vi.mock('node:timers', async (original) => ({
  ...(await original<typeof import('node:timers')>()),
  setTimeout: (...args: Parameters<typeof setTimeout>) => globalThis.setTimeout(...args),
  clearTimeout: (timer: NodeJS.Timeout) => globalThis.clearTimeout(timer),
}));
vi.mock('../../../src/globals.js', async (original) => ({
  ...(await original<typeof import('../../../src/globals.js')>()),
  now: () => performance.now(),
}));
beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

class Jobs implements Stoppable {
  busy: number;
  undelivered = 0;
  readonly told: string[] = [];

  constructor(busy: number) {
    this.busy = busy;
  }

  quiet() {
    this.told.push('quiet');
  }

  abort() {
    this.told.push('abort');
  }

  requeueAll() {
    this.told.push('put back');
  }

  giveUp() {
    this.told.push('give up');
  }
}

function shuttingDown({ graceMs = 0, deliveryMs = 10_000 } = {}) {
  const lines: string[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line).msg) });
  const begun = new AbortController();
  return { shutdown: new Shutdown({ log, jobLog: log, graceMs, deliveryMs, begun }), begun, lines };
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test('a first signal lets the jobs run, however long, and says that it has begun', async () => {
  const { shutdown, begun, lines } = shuttingDown();
  const jobs = new Jobs(3);
  shutdown.attach(jobs);
  shutdown.request('SIGTERM');
  expect(begun.signal.aborted).toBe(true);
  await pass(3_600_000);
  expect(jobs.told).toEqual(['quiet']);
  expect(shutdown.over.aborted).toBe(false);
  expect(lines).toEqual(['shutting down: waiting for 3 running jobs (a second signal stops them)']);
});

test('repeats within a second are one signal; a later one aborts, then puts back, then waits for nothing', async () => {
  const { shutdown, lines } = shuttingDown();
  const jobs = new Jobs(1);
  shutdown.attach(jobs);
  shutdown.request('SIGTERM');
  await pass(900);
  shutdown.request('SIGINT');
  expect(jobs.told).toEqual(['quiet']);
  await pass(100);
  shutdown.request('SIGINT');
  expect(jobs.told).toEqual(['quiet', 'abort']);
  await pass(2000);
  expect(jobs.told).toEqual(['quiet', 'abort', 'put back']);
  expect(lines.at(-1)).toBe('1 job did not stop in time: requeued');
  expect(shutdown.over.aborted).toBe(false);
  await pass(2000);
  expect(shutdown.over.aborted).toBe(true);
});

test('the clock of the machine may step back or ahead: the signals are as far apart as they are', async () => {
  const { shutdown } = shuttingDown();
  const jobs = new Jobs(1);
  shutdown.attach(jobs);
  shutdown.request('SIGTERM');
  vi.setSystemTime(Date.now() + 3_600_000);
  shutdown.request('SIGTERM');
  expect(jobs.told).toEqual(['quiet']);
  vi.setSystemTime(Date.now() - 7_200_000);
  await pass(1000);
  shutdown.request('SIGTERM');
  expect(jobs.told).toEqual(['quiet', 'abort']);
});

test('the grace limits a stop, and neither a retirement nor a wait for Redis', async () => {
  const { shutdown } = shuttingDown({ graceMs: 5000 });
  const jobs = new Jobs(1);
  shutdown.attach(jobs);
  shutdown.retire('replaced');
  await pass(60_000);
  expect(jobs.told).toEqual(['quiet']);
  shutdown.request('SIGTERM');
  await pass(4999);
  expect(jobs.told).not.toContain('abort');
  await pass(1);
  expect(jobs.told.slice(-1)).toEqual(['abort']);
});

test('a fault begins a shutdown with the grace, and is no second signal in one that is under way', async () => {
  const first = shuttingDown({ graceMs: 5000 });
  const jobs = new Jobs(1);
  first.shutdown.attach(jobs);
  first.shutdown.requestOnce('an error');
  await pass(5000);
  expect(jobs.told).toEqual(['quiet', 'abort']);

  const { shutdown } = shuttingDown();
  const others = new Jobs(1);
  shutdown.attach(others);
  shutdown.request('SIGTERM');
  await pass(5000);
  shutdown.requestOnce('an error');
  await pass(5000);
  expect(others.told).toEqual(['quiet']);
});

test('what ended and cannot be reported is waited for so long, from when the last job has ended', async () => {
  const { shutdown } = shuttingDown({ deliveryMs: 3000 });
  const jobs = new Jobs(1);
  jobs.undelivered = 1;
  shutdown.attach(jobs);
  shutdown.request('SIGTERM');
  await pass(60_000);
  jobs.busy = 0;
  await pass(2900);
  expect(jobs.told).toEqual(['quiet']);
  await pass(300);
  expect(jobs.told).toEqual(['quiet', 'give up']);
});

test('once everything is reported, nobody blames Redis for a teardown that takes its time', async () => {
  const { shutdown, lines } = shuttingDown({ deliveryMs: 3000 });
  const jobs = new Jobs(0);
  shutdown.attach(jobs);
  shutdown.request('SIGTERM');
  shutdown.delivered();
  await pass(60_000);
  expect(jobs.told).toEqual(['quiet']);
  expect(lines).toEqual(['shutting down']);
});

test('a start that is interrupted has a moment to end; one that gets there is stopped like any other', async () => {
  const { shutdown, begun } = shuttingDown();
  shutdown.request('SIGTERM');
  expect(begun.signal.aborted).toBe(true);
  await pass(2000);
  expect(shutdown.over.aborted).toBe(true);

  const { shutdown: other } = shuttingDown();
  other.request('SIGTERM');
  await pass(500);
  const jobs = new Jobs(1);
  other.attach(jobs);
  await pass(60_000);
  expect(jobs.told).toEqual(['quiet']);
  expect(other.over.aborted).toBe(false);
});

test('a second signal during the start ends that too', async () => {
  const { shutdown } = shuttingDown();
  shutdown.request('SIGTERM');
  await pass(1100);
  shutdown.request('SIGTERM');
  await pass(4000);
  expect(shutdown.over.aborted).toBe(true);
});

test('when it is done no timer is left', async () => {
  const { shutdown } = shuttingDown({ graceMs: 5000 });
  const jobs = new Jobs(1);
  shutdown.attach(jobs);
  shutdown.request('SIGTERM');
  shutdown.done();
  expect(vi.getTimerCount()).toBe(0);
});
