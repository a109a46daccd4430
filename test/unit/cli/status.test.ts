/** `tsworker status`: its format, its fit to the terminal, its rates, and that it restores the terminal. */
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { statusDocument } from '../../../src/cli/commands/status/document.js';
import { live } from '../../../src/cli/commands/status/live.js';
import { ratesBetween } from '../../../src/cli/commands/status/rates.js';
import { sharesOf } from '../../../src/cli/commands/status/shares.js';
import { statusText } from '../../../src/cli/commands/status/text.js';
import { openScreen } from '../../../src/cli/screen.js';
import type { Session } from '../../../src/cli/session.js';
import { resolveSettings } from '../../../src/config/load.js';
import type { Overview } from '../../../src/inspect/overview.js';
import type { ProcessSeen } from '../../../src/inspect/processes.js';
import { WORKING } from '../../../src/registry/processes/process-state.js';
import { fakeIo } from '../../support/io.js';
import { until } from '../../support/until.js';

const AT = Date.UTC(2026, 10, 24, 12, 0, 0);
const { settings } = resolveSettings({}, { queuesRequired: false, env: {} });
const SESSION = { uri: 'redis://h/', settings } as Session;
const PAYLOAD = '{"class":"Archive","args":[12345678901234567890,"tar"]}';

const processSeen = (pid: number, given: Partial<ProcessSeen>): ProcessSeen => ({
  ...{ name: `web1.ts:${pid}`, host: 'web1.ts', pid, queues: ['high'], slots: 3, working: 1, lost: 0 },
  ...{ liveness: 'alive', state: WORKING, heartbeatAt: AT, since: undefined, processed: 0, failed: 0 },
  ...given,
});

const PROCESSES: readonly ProcessSeen[] = [
  processSeen(4711, { state: { ...WORKING, blockedSince: AT - 12_000 } }),
  processSeen(4712, { slots: 2, working: 0, state: { ...WORKING, paused: true, reload: { replaced: 1, total: 2 } } }),
  processSeen(4713, { slots: 1, working: 0, lost: 1, liveness: 'gone' }),
];

const OVERVIEW: Overview = {
  at: AT,
  pause: { paused: false, text: '', unpausable: [] },
  stats: { processed: 12_345, failed: 12 },
  queues: [
    { name: 'high', size: 1204, headAt: AT - 192_000, quarantined: 0, pause: undefined, workers: 25 },
    { name: 'low', size: 0, headAt: undefined, quarantined: 0, pause: undefined, workers: 25 },
    { name: 'nobody', size: 3, headAt: undefined, quarantined: 0, pause: undefined, workers: 0 },
    { name: 'odd', size: undefined, headAt: undefined, quarantined: 0, pause: undefined, workers: 0 },
  ],
  delayed: { times: 2, jobs: 5, nextAt: AT + 61_000 },
  recurring: undefined,
  retrying: 0,
  workers: { total: 31, working: 2, idle: 24, lost: 1, unknown: 0, blocked: 2, paused: 2, draining: 0 },
  processes: PROCESSES,
  hosts: [{ host: 'web1.ts', workers: 26, working: 1, lost: 1, unknown: 0 }],
  running: [
    {
      worker: 'web1.ts:4711-0:high,low',
      host: 'web1.ts',
      job: {
        queue: 'high',
        since: AT - 5000,
        class: 'Archive',
        enqueuedAt: undefined,
        problem: undefined,
        payload: PAYLOAD,
      },
    },
  ],
  failures: {
    total: 3,
    looked: 2,
    groups: [
      {
        ...{
          class: 'Archive',
          queue: 'high',
          count: 2,
          exception: 'TypeError',
          kind: '0123456789ab',
          error: 'x is\u001b[2J no\n\tat x',
          n: 7,
        },
        ...{ first: AT - 7_200_000, last: AT - 3_600_000 },
      },
    ],
  },
};

describe('the text', () => {
  test('says it all, in lines that fit', () => {
    const text = statusText(OVERVIEW, { ...SESSION, show: 20 }, fakeIo());
    expect(text).toBe(`redis    redis://h/, namespace resque:
paused   no, but for 1 process paused by a signal or an order
jobs     12,345 processed; 12 failed, 3 of them in the failed list
waiting  1,207 jobs in 4 queues; 5 jobs delayed, the first due in 1m 1s
workers  31: 2 working, 24 idle, 2 blocked, 2 paused, 1 lost

QUEUE         JOBS  HEAD WAITS  WORKERS
high         1,204      3m 12s       25
low              0           -       25
nobody           3           -        0
odd     not a list           -        0

HOST     WORKERS  WORKING  LOST
web1.ts       26        1     1

PROCESS       STATE                                        WORKING  SLOTS
web1.ts:4711  blocked for 12s: a job holds its event loop        1      3
web1.ts:4712  paused, reloading: 1 of 2 replaced                 0      2
web1.ts:4713  its process is gone                                0      1

RUNNING ON      FOR  QUEUE  CLASS    ARGUMENTS
web1.ts:4711-0   5s  high   Archive  12345678901234567890,"tar"
… and 1 more: tsworker workers -state=working

FAILED   QUEUE  TIMES       LAST  WITH
Archive  high       2  1h 0m ago  TypeError: x is\\u001b[2J no
of the newest 2 failures; -failures=3 looks at all
`);
    const rates = ratesBetween({ ...OVERVIEW, at: AT - 2000 }, OVERVIEW);
    for (const columns of [40, 50, 60, 80]) {
      const io = fakeIo({ terminal: true, columns });
      for (const line of statusText(OVERVIEW, { ...SESSION, show: 2, rates }, io).split('\n'))
        expect(line.length, line).toBeLessThanOrEqual(columns);
    }
  });

  test('says how many jobs are scheduled, and when the next is due', () => {
    const recurring = { entries: 12, paused: 1, nextAt: AT + 3_600_000 };
    const text = (some: Overview['recurring']) =>
      statusText({ ...OVERVIEW, recurring: some }, { ...SESSION, show: 0 }, fakeIo());
    expect(text(recurring)).toContain('\nrecurring  12 jobs, the next in 1h 0m; 1 paused\n');
    expect(text({ ...recurring, paused: 0, nextAt: undefined })).toContain('\nrecurring  12 jobs\n');
  });

  test('is loud about a pause, and says when the key pauses nobody', () => {
    const paused = (pause: Overview['pause']) => statusText({ ...OVERVIEW, pause }, { ...SESSION, show: 0 }, fakeIo());
    expect(paused({ paused: true, text: 'true', unpausable: [] })).toContain(
      'paused   YES: Ruby and tsworker workers take no new jobs; tsworker resume ends it\n',
    );
    expect(paused({ paused: false, text: 'yes', unpausable: [] })).toContain(
      'paused   no: pause-all-workers is "yes", and only "true" pauses',
    );
  });

  test('keeps the largest queues where not all are shown, and says how many are not', () => {
    const text = statusText(OVERVIEW, { ...SESSION, show: 2 }, fakeIo());
    expect(text).toMatch(/QUEUE.*\nhigh .*\nnobody .*\n… and 2 more: tsworker queues\n/);
  });

  test('has rates where there are two looks', () => {
    const before = {
      ...OVERVIEW,
      at: AT - 2000,
      stats: { processed: 12_245, failed: 12 },
      queues: [{ ...OVERVIEW.queues[0], size: 1210 }],
    };
    const text = statusText(OVERVIEW, { ...SESSION, show: 9, rates: ratesBetween(before, OVERVIEW) }, fakeIo());
    expect(text).toContain('12,345 processed (50/s); 12 failed (0/s)');
    expect(text).toMatch(/high +1,204 +-3\/s/);
    expect(text).toMatch(/nobody +3 +\+1\.5\/s/);
  });
});

test('counters that were set back make no negative rate, nor does one look alone', () => {
  const after = { ...OVERVIEW, at: AT + 1000, stats: { processed: 0, failed: 0 } };
  expect(ratesBetween(OVERVIEW, after)).toMatchObject({ processed: 0, failed: 0 });
  expect(ratesBetween(OVERVIEW, OVERVIEW)).toBeUndefined();
});

test('the document has no undefined, and times as ISO 8601', () => {
  const document = statusDocument(OVERVIEW, SESSION);
  expect(document).toMatchObject({
    at: '2026-11-24T12:00:00.000Z',
    paused: false,
    processed: 12_345,
    workers: { total: 31, working: 2, idle: 24, lost: 1, blocked: 2 },
    processes: [
      { process: 'web1.ts:4711', blockedSeconds: 12, paused: false, reload: null },
      { paused: true, reload: { replaced: 1, total: 2 } },
      { liveness: 'gone' },
    ],
    delayed: { jobs: 5, nextAt: '2026-11-24T12:01:01.000Z' },
    failures: { total: 3, looked: 2, groups: [{ class: 'Archive', last: '2026-11-24T11:00:00.000Z' }] },
  });
  expect(document.queues).toContainEqual({
    name: 'high',
    size: 1204,
    headAgeSeconds: 192,
    quarantined: 0,
    paused: false,
    pauseEndsInSeconds: null,
    workers: 25,
  });
  expect(JSON.stringify(document)).not.toContain('undefined');
});

describe('sharing out the lines', () => {
  test('cuts the longest list, and none below one line', () => {
    expect(sharesOf([3, 40, 0, 2], 20)).toEqual([3, 8, 0, 2]);
    expect(sharesOf([3, 40, 1, 2], 100)).toEqual([3, 40, 1, 2]);
    expect(sharesOf([5, 5, 5, 5], 1)).toEqual([1, 1, 1, 1]);
  });

  test('fits wherever that can be', () => {
    const sizes = fc.array(fc.nat({ max: 60 }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 16, max: 100 }), (rows, room) => {
        const shares = sharesOf(rows, room);
        const height = shares.reduce((sum, n, i) => sum + (n === 0 ? 0 : 2 + n + (n < rows[i] ? 1 : 0)), 0);
        expect(height).toBeLessThanOrEqual(room);
        expect(shares.every((share, i) => share <= rows[i] && share > 0 === rows[i] > 0)).toBe(true);
      }),
    );
  });
});

describe('the terminal', () => {
  const terminal = () => fakeIo({ terminal: true, interactive: true, rows: 24, columns: 80 });

  test.each(['q', '\u0003', '\u0004'])('is given back at %j', (key) => {
    const io = terminal();
    const screen = openScreen(io);
    expect(io.raw).toBe(true);
    expect(io.texts.out).toContain('\u001b[?1049h');
    io.input.emit('data', Buffer.from('x'));
    expect(screen.over.aborted).toBe(false);
    io.input.emit('data', Buffer.from(key));
    expect(screen.over.aborted).toBe(true);
    screen.close();
    screen.close();
    expect(io.raw).toBe(false);
    expect(io.texts.out.endsWith('\u001b[?7h\u001b[?25h\u001b[?1049l')).toBe(true);
    expect(process.listenerCount('SIGHUP')).toBe(0);
  });

  test('shows what fits, goes on while Redis is away, and ends at once', async () => {
    const io = terminal();
    let looks = 0;
    const look = async () => {
      if (++looks === 2) throw new Error('connect ECONNREFUSED');
      return [OVERVIEW, undefined] as const;
    };
    const watching = live(io, { everyMs: 5, show: undefined, look }, SESSION);
    await until(() => looks > 3);
    io.input.emit('data', Buffer.from('q'));
    await watching;
    const frames = io.texts.out.split('\u001b[H').slice(1);
    for (const frame of frames) expect(frame.split('\r\n').length).toBeLessThanOrEqual(24);
    expect(frames[1]).toContain('Redis is away (connect ECONNREFUSED), trying again');
    expect(frames[1]).toContain('12,345 processed');
    expect(frames[2]).not.toContain('Redis is away');
    expect(io.raw).toBe(false);
  });

  test('shows one list, another order or the pause when a key asks for it, at 40x12', async () => {
    const io = fakeIo({ terminal: true, interactive: true, rows: 12, columns: 40 });
    const look = async () => [OVERVIEW, ratesBetween({ ...OVERVIEW, at: AT - 2000 }, OVERVIEW)] as const;
    const watching = live(io, { everyMs: 60_000, show: undefined, look }, SESSION);
    const shown = () => io.texts.out.split('\u001b[H').at(-1) ?? '';
    await until(() => shown().includes('12,345'));
    const press = (key: string) => {
      io.input.emit('data', Buffer.from(key));
      return shown();
    };
    expect(press('f')).toMatch(/FAILED .*TIMES[\s\S]*Archive/);
    expect(shown()).not.toContain('12,345');
    expect(press('p')).toMatch(/paused: no, but for 1 process[\s\S]*PROCESS[\s\S]*web1.ts:4712/);
    expect(press('w')).toMatch(/PROCESS [\s\S]*web1.ts:4713 /);
    expect(press('r')).toContain('RUNNING ON');
    expect(press('u')).toMatch(/QUEUE [\s\S]*high [\s\S]*low [\s\S]*nobody /);
    // By name, by jobs, by growth, by wait.
    expect(press('s')).toMatch(/high [\s\S]*nobody [\s\S]*low /);
    expect(press('s')).toContain('QUEUE');
    expect(press('x')).toContain('QUEUE');
    expect(press('\u001b[A')).toContain('QUEUE');
    expect(press('\u001b')).toContain('12,345');
    expect(press('h')).toContain('HOST');
    expect(press('h')).toContain('12,345');
    press('q');
    await watching;
    for (const frame of io.texts.out.split('\u001b[H').slice(1)) {
      const lines = stripVTControlCharacters(frame).split('\r\n');
      expect(lines.length).toBeLessThanOrEqual(12);
      for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(40);
    }
  });
});
