/** The diagnostics channels for a subscriber; no SDK in this process. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { channel, tracingChannel } from 'node:diagnostics_channel';
import { afterEach, expect, test } from 'vitest';
import type { Run } from '../../../src/engine/run.js';
import { asError } from '../../../src/thrown.js';
import type { JobMessage } from '../../../src/tracing/channel.js';
import { type JobWatch, watchJobs } from '../../../src/tracing/watch.js';
import { testRun } from '../../support/runs.js';

const NAMES = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const;
const watch: JobWatch = await watchJobs(
  (slot) => `host.ts:1-${slot}:q`,
  () => {},
);

const releases: (() => void)[] = [];
afterEach(() => {
  for (const release of releases.splice(0)) release();
});

/** What was heard: the channel, the class, the outcome so far. */
function listen(names: readonly (typeof NAMES)[number][] = NAMES): string[] {
  const heard: string[] = [];
  for (const name of names) {
    const listener = (message: unknown) => {
      const { class: className, outcome, error } = message as JobMessage;
      heard.push([name, className, outcome, error?.message].filter((part) => part !== undefined).join(' '));
    };
    const one = channel(`tracing:tsworker:job:${name}`);
    one.subscribe(listener);
    releases.push(() => one.unsubscribe(listener));
  }
  return heard;
}

const mail = (): Run => testRun({ class: 'Mail', args: [1] }, { slot: 4 });

test('nobody listens: jobs are not watched', () => {
  expect(watch.watches).toBe(false);
  listen(['asyncEnd']);
  expect(watch.watches).toBe(true);
});

test('a job that succeeds later', async () => {
  const heard = listen();
  const run = mail();
  const result = watch.around(run, async () => 'result');
  expect(heard).toEqual(['start Mail', 'end Mail']);
  expect(await result).toBe('result');
  watch.finished(run, { kind: 'done' });
  watch.finished(run, { kind: 'done' });
  expect(heard.slice(2)).toEqual(['asyncStart Mail done', 'asyncEnd Mail done']);
});

test('a job that throws at once', () => {
  const heard = listen();
  const run = mail();
  const error = new Error('boom');
  expect(() =>
    watch.around(run, () => {
      throw error;
    }),
  ).toThrow(error);
  watch.finished(run, { kind: 'failed', error: asError(error) });
  expect(heard.slice(2)).toEqual([
    'error Mail failed boom',
    'asyncStart Mail failed boom',
    'asyncEnd Mail failed boom',
  ]);
});

test('one message goes through all channels, and says what the job is', () => {
  const messages = new Set<JobMessage>();
  const channels = tracingChannel<unknown, JobMessage>('tsworker:job');
  const hear = (message: JobMessage) => void messages.add(message);
  const all = { start: hear, end: hear, asyncStart: hear, asyncEnd: hear, error: hear };
  channels.subscribe(all);
  releases.push(() => channels.unsubscribe(all));
  const run = mail();
  watch.around(run, () => {});
  watch.finished(run, { kind: 'requeue' });
  const [message, ...others] = messages;
  expect(others).toEqual([]);
  const { queue, class: name, payload, workerId, startedAt, outcome } = message;
  expect({ queue, name, payload, workerId, startedAt, outcome }).toEqual({
    ...{ queue: 'q', name: 'Mail', payload: '{"class":"Mail","args":[1]}', workerId: 'host.ts:1-4:q' },
    ...{ startedAt: run.startedAt, outcome: 'requeued' },
  });
});

test('a store that is bound to start is there in the job, and after it has waited', async () => {
  const store = new AsyncLocalStorage<JobMessage>();
  const { start } = tracingChannel('tsworker:job');
  start.bindStore(store, (message) => message as JobMessage);
  releases.push(() => start.unbindStore(store));
  expect(watch.watches).toBe(true);
  const run = mail();
  const seen = await watch.around(run, async () => {
    await new Promise((resolve) => setImmediate(resolve));
    return store.getStore()?.class;
  });
  expect(seen).toBe('Mail');
  expect(store.getStore()).toBeUndefined();
  watch.finished(run, { kind: 'done' });
});
