import { pino } from 'pino';
import { expect, test, vi } from 'vitest';
import { EngineEvents } from '../../../src/engine/events.js';
import { Run } from '../../../src/engine/run.js';
import type { Claim } from '../../../src/job.js';
import { logEngine } from '../../../src/log/log-subscriber.js';
import { shutdownText } from '../../../src/worker/shutdown.js';

// The sources take the clock when they are loaded: here it is the one that the test moves.
vi.mock('../../../src/globals.js', async (original) => ({
  ...(await original<typeof import('../../../src/globals.js')>()),
  get Date() {
    return globalThis.Date;
  },
}));

function stage(level = 'info', logJobs = true) {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level }, { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) });
  const events = new EngineEvents(() => {});
  logEngine(log, events, (slot) => `h:1-${slot}:q`, logJobs);
  return { lines, events };
}

function run(args: string): Run {
  const payload = Buffer.from(`{"class":"Mail","args":[${args}]}`);
  const claim = { slot: 3, queue: 'mail', payload, token: 't' } as unknown as Claim;
  const made = new Run(claim, 1, () => {});
  made.class = 'Mail';
  return made;
}

test('a job that succeeds is a line where that is wanted, with its arguments cut', () => {
  const { lines, events } = stage();
  events.emit('finished', run('12345678901234567890,"a"'), { kind: 'done' });
  expect(lines).toMatchObject([
    {
      msg: 'job done',
      class: 'Mail',
      queue: 'mail',
      worker: 'h:1-3:q',
      ms: expect.any(Number),
      args: '12345678901234567890,"a"',
    },
  ]);
  events.emit('finished', run(`"${'x'.repeat(500)}"`), { kind: 'done' });
  expect(String(lines[1].args)).toHaveLength(101);
  events.emit('finished', run(`"${'x'.repeat(50_000)}"`), { kind: 'done' });
  expect(lines[2].args).toBe('(50028 bytes)');
  const without = stage('info', false);
  without.events.emit('finished', run('1'), { kind: 'done' });
  expect(without.lines).toEqual([]);
});

test('thousands of them a second are fifty lines and a sum', () => {
  vi.useFakeTimers();
  try {
    const { lines, events } = stage();
    for (let i = 0; i < 5000; i++) events.emit('finished', run('1'), { kind: 'done' });
    expect(lines).toHaveLength(50);
    vi.advanceTimersByTime(1000);
    expect(lines).toHaveLength(51);
    expect(lines[50]).toMatchObject({ msg: 'more jobs done', jobs: 4950 });
    events.emit('finished', run('1'), { kind: 'done' });
    expect(lines).toHaveLength(52);
  } finally {
    vi.useRealTimers();
  }
});

test('5,000 failures are less than 5 MB of log', () => {
  const { lines, events } = stage();
  const error = new Error('boom');
  error.stack = `Error: boom\n${'    at job (/srv/app/jobs/some-file.ts:10:20)\n'.repeat(4)}`;
  for (let i = 0; i < 5000; i++) events.emit('finished', run('1'), { kind: 'failed', error } as never);
  expect(JSON.stringify(lines).length).toBeLessThan(3_000_000);
});

test('a stop says what is waited for, and how to end that', () => {
  expect(shutdownText(0, 0, 'SIGINT')).toBe('shutting down');
  expect(shutdownText(3, 0, 'SIGINT')).toBe('shutting down: waiting for 3 running jobs (Ctrl-C again to stop now)');
  expect(shutdownText(1, 25_000, 'SIGTERM')).toBe(
    'shutting down: waiting for 1 running job for at most 25 s (a second signal stops them)',
  );
});
