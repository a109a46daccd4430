/** `tsworker status`: how it looks, how it fits, how fast things change, and the terminal that it gives back. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { statusDocument } from '../../../src/cli/commands/status/document.js';
import { live } from '../../../src/cli/commands/status/live.js';
import { ratesBetween } from '../../../src/cli/commands/status/rates.js';
import { sharesOf } from '../../../src/cli/commands/status/shares.js';
import { sameShare, statusText } from '../../../src/cli/commands/status/text.js';
import { openScreen } from '../../../src/cli/screen.js';
import type { Session } from '../../../src/cli/session.js';
import { resolveSettings } from '../../../src/config/load.js';
import type { Overview } from '../../../src/inspect/overview.js';
import { fakeIo } from '../../support/io.js';
import { until } from '../../support/until.js';

const AT = Date.UTC(2026, 10, 24, 12, 0, 0);
const { settings } = resolveSettings({}, { queuesRequired: false, env: {} });
const SESSION = { uri: 'redis://h/', settings } as Session;
const PAYLOAD = '{"class":"Archive","args":[12345678901234567890,"tar"]}';

const OVERVIEW: Overview = {
  at: AT,
  pause: { paused: false, text: '' },
  stats: { processed: 12_345, failed: 12 },
  queues: [
    { name: 'high', size: 1204, headAt: AT - 192_000, workers: 25 },
    { name: 'low', size: 0, headAt: undefined, workers: 25 },
    { name: 'nobody', size: 3, headAt: undefined, workers: 0 },
    { name: 'odd', size: undefined, headAt: undefined, workers: 0 },
  ],
  delayed: { times: 2, jobs: 5, nextAt: AT + 61_000 },
  workers: { total: 26, working: 1, lost: 1, unknown: 0 },
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
  it('says it all, in lines that fit', () => {
    const text = statusText(OVERVIEW, { ...SESSION, show: sameShare(20) }, fakeIo());
    expect(text).toBe(`redis    redis://h/, namespace resque:
paused   no
jobs     12,345 processed; 12 failed, 3 of them in the failed list
waiting  1,207 jobs in 4 queues; 5 jobs delayed, the first due in 1m 1s
workers  26: 1 working, 24 idle, 1 lost

QUEUE         JOBS  HEAD WAITS  WORKERS
high         1,204      3m 12s       25
low              0           -       25
nobody           3           -        0
odd     not a list           -        0

HOST     WORKERS  WORKING  LOST
web1.ts       26        1     1

RUNNING ON      FOR  QUEUE  CLASS    ARGUMENTS
web1.ts:4711-0   5s  high   Archive  12345678901234567890,"tar"

FAILED   QUEUE  TIMES       LAST  WITH
Archive  high       2  1h 0m ago  TypeError: x is\\u001b[2J no
of the newest 2 failures; -failures=3 looks at all
`);
    const narrow = statusText(OVERVIEW, { ...SESSION, show: sameShare(20) }, fakeIo({ terminal: true, columns: 50 }));
    for (const line of narrow.split('\n').slice(6)) expect(line.length, line).toBeLessThanOrEqual(50);
  });

  it('is loud about a pause, and says when the key pauses nobody', () => {
    const paused = (pause: Overview['pause']) =>
      statusText({ ...OVERVIEW, pause }, { ...SESSION, show: sameShare(0) }, fakeIo());
    expect(paused({ paused: true, text: 'true' })).toContain('paused   YES: workers take no new jobs');
    expect(paused({ paused: false, text: 'yes' })).toContain(
      'paused   no: pause-all-workers is "yes", and only "true" pauses',
    );
  });

  it('keeps the largest queues where not all are shown, and says how many are not', () => {
    const text = statusText(OVERVIEW, { ...SESSION, show: sameShare(2) }, fakeIo());
    expect(text).toMatch(/QUEUE.*\nhigh .*\nnobody .*\n… and 2 more: tsworker queues\n/);
  });

  it('has rates where there are two looks', () => {
    const before = {
      ...OVERVIEW,
      at: AT - 2000,
      stats: { processed: 12_245, failed: 12 },
      queues: [{ ...OVERVIEW.queues[0], size: 1210 }],
    };
    const text = statusText(
      OVERVIEW,
      { ...SESSION, show: sameShare(9), rates: ratesBetween(before, OVERVIEW) },
      fakeIo(),
    );
    expect(text).toContain('12,345 processed (50/s); 12 failed (0/s)');
    expect(text).toMatch(/high +1,204 +-3\/s/);
    expect(text).toMatch(/nobody +3 +\+1\.5\/s/);
  });
});

it('counters that were set back make no negative rate, nor does one look alone', () => {
  const after = { ...OVERVIEW, at: AT + 1000, stats: { processed: 0, failed: 0 } };
  expect(ratesBetween(OVERVIEW, after)).toMatchObject({ processed: 0, failed: 0 });
  expect(ratesBetween(OVERVIEW, OVERVIEW)).toBeUndefined();
});

it('the document has no undefined, and times as ISO 8601', () => {
  const document = statusDocument(OVERVIEW, SESSION);
  expect(document).toMatchObject({
    at: '2026-11-24T12:00:00.000Z',
    paused: false,
    processed: 12_345,
    workers: { total: 26, working: 1, idle: 24, lost: 1 },
    delayed: { jobs: 5, nextAt: '2026-11-24T12:01:01.000Z' },
    failures: { total: 3, looked: 2, groups: [{ class: 'Archive', last: '2026-11-24T11:00:00.000Z' }] },
  });
  expect(document.queues).toContainEqual({ name: 'high', size: 1204, headAgeSeconds: 192, workers: 25 });
  expect(JSON.stringify(document)).not.toContain('undefined');
});

describe('sharing out the lines', () => {
  it('cuts the longest list, and none below one line', () => {
    expect(sharesOf([3, 40, 0, 2], 20)).toEqual([3, 8, 0, 2]);
    expect(sharesOf([3, 40, 1, 2], 100)).toEqual([3, 40, 1, 2]);
    expect(sharesOf([5, 5, 5, 5], 1)).toEqual([1, 1, 1, 1]);
  });

  it('fits wherever that can be', () => {
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

  it.each(['q', '\u0003', '\u0004'])('is given back at %j', (key) => {
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
    expect(io.texts.out.endsWith('\u001b[?25h\u001b[?1049l')).toBe(true);
    expect(process.listenerCount('SIGHUP')).toBe(0);
  });

  it('shows what fits, goes on while Redis is away, and ends at once', async () => {
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
});
