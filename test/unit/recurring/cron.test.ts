/** Cron texts: their syntax, what is rejected, and when they fire while clocks change. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextOfCron, readCron, TimingError } from '../../../src/recurring/cron.js';

const UTC = 'UTC';
const runs = (text: string, zone: string, from: string, count: number): string[] => {
  const timing = readCron(text, zone);
  const found: string[] = [];
  for (let at = Date.parse(from); found.length < count; ) {
    at = nextOfCron(timing, at) ?? Number.NaN;
    found.push(new Date(at).toISOString().replace(':00.000Z', 'Z').replace('.000Z', 'Z'));
  }
  return found;
};

describe('how it may be written', () => {
  test.each([
    ['0 3 * * *', '0 3 * * *', UTC],
    ['  0   3 * * *  ', '0 3 * * *', UTC],
    ['15 0 3 * * *', '15 0 3 * * *', UTC],
    ['30 6 * * 1 Europe/Stockholm', '30 6 * * 1', 'Europe/Stockholm'],
    ['0 30 6 * * mon America/New_York', '0 30 6 * * 1', 'America/New_York'],
    ['@daily', '0 0 * * *', UTC],
    ['@Hourly Asia/Tokyo', '0 * * * *', 'Asia/Tokyo'],
    ['0 0 * jan-mar MON-fri', '0 0 * 1-3 1-5', UTC],
    ['0 0 L * *', '0 0 L * *', UTC],
    ['0 0 -1 * *', '0 0 L * *', UTC],
    ['0 0 last * *', '0 0 L * *', UTC],
    ['0 0 * * 7', '0 0 * * 7', UTC],
    ['0 0 * * mon#2', '0 0 * * 1#2', UTC],
    ['0 0 * * 5#-1', '0 0 * * 5L', UTC],
    ['5-1 * * * *', `${[...Array(55).keys()].map((i) => i + 5)},0,1 * * * *`, UTC],
    ['0 22-2 * * *', '0 22,23,0,1,2 * * *', UTC],
    ['0 22-3/2 * * *', '0 22,0,2 * * *', UTC],
    ['0 0 * * fri-mon', '0 0 * * 5,6,0,1', UTC],
    ['0 0 * nov-feb *', '0 0 * 11,12,1,2 *', UTC],
    ['0 0 13 * 5', '0 0 13 * 5', UTC],
  ])('%s', (text, cron, timezone) => {
    expect(readCron(text, UTC)).toEqual({ cron, timezone });
  });

  test('without a zone it is that of the process', () => {
    expect(readCron('0 3 * * *').timezone).toBe(Intl.DateTimeFormat().resolvedOptions().timeZone);
  });

  test('the first Friday that is no 13th, and both where a day and a weekday are set', () => {
    expect(runs('0 0 13 * 5', UTC, '2026-11-01T00:00:00Z', 3)).toEqual([
      '2026-11-06T00:00Z',
      '2026-11-13T00:00Z',
      '2026-11-20T00:00Z',
    ]);
    expect(runs('0 0 * * 5#-1', UTC, '2026-11-01T00:00:00Z', 1)).toEqual(['2026-11-27T00:00Z']);
    expect(runs('0 0 29 2 *', UTC, '2026-11-01T00:00:00Z', 1)).toEqual(['2028-02-29T00:00Z']);
  });
});

describe('what is refused, and what would be right', () => {
  test.each([
    ['60 * * * *', 'minute', 'Five fields'],
    ['* * * *', '4 fields', 'Five fields'],
    ['* * * * * * 2030', '7 fields', 'Five fields'],
    ['', '1 fields', 'Five fields'],
    ['@reboot', 'no cron text', '@daily'],
    ['0 0 30 2 *', 'never fires', 'day and month'],
    ['every day at noon', 'fields', 'Five fields'],
    ['TZ=UTC 0 3 * * *', 'begins with a time zone', 'last word'],
    ['0 3 * * * Europe/Berln', 'no time zone', 'Europe/Berlin'],
    ['0 3 * * 1%2', 'every some weeks', "every: '2w'"],
    ['0 3 * * x', 'fields', 'Five fields'],
    ['5/0 * * * *', 'no cron text', 'Five fields'],
  ])('%s', (text, message, remedy) => {
    const read = () => readCron(text, UTC);
    expect(read).toThrow(TimingError);
    expect(read).toThrow(message);
    expect(read).toThrow(expect.objectContaining({ remedy: expect.stringContaining(remedy) }));
  });

  test('any text is read or refused, at once', () => {
    const field = fc.oneof(
      fc.constantFrom('*', '*/5', '1-5', '7', 'L', 'mon', '5-1', '0', '31', '1#2', '?', '-'),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(field, { minLength: 1, maxLength: 8 }), (fields) => {
        try {
          expect(nextOfCron(readCron(fields.join(' '), UTC), 0)).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(TimingError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('where clocks are changed', () => {
  test.each([
    [
      'a fixed hour that is skipped: right after it',
      '30 2 * * *',
      '2026-03-28T12:00Z',
      ['2026-03-29T01:00Z', '2026-03-30T00:30Z'],
    ],
    ['two of them: once', '0,30 2 * * *', '2026-03-28T12:00Z', ['2026-03-29T01:00Z', '2026-03-30T00:00Z']],
    [
      'an hour that comes twice: the first time',
      '30 2 * * *',
      '2026-10-24T12:00Z',
      ['2026-10-25T00:30Z', '2026-10-26T01:30Z'],
    ],
    ['asked between the two', '30 2 * * *', '2026-10-25T00:45Z', ['2026-10-26T01:30Z']],
    [
      'with a wildcard, real time',
      '*/30 * * * *',
      '2026-10-25T00:00Z',
      ['2026-10-25T00:30Z', '2026-10-25T01:00Z', '2026-10-25T01:30Z', '2026-10-25T02:00Z'],
    ],
    ['and forward', '*/30 * * * *', '2026-03-29T00:15Z', ['2026-03-29T00:30Z', '2026-03-29T01:00Z']],
  ])('%s', (_what, text, from, expected) => {
    expect(runs(text, 'Europe/Berlin', from, expected.length)).toEqual(expected);
  });

  test.each([
    ['a gap at midnight', '0 0 * * *', 'America/Sao_Paulo', '2018-11-03T12:00Z', '2018-11-04T03:00Z'],
    ['half an hour', '15 2 * * *', 'Australia/Lord_Howe', '2026-10-03T00:00Z', '2026-10-03T15:30Z'],
  ])('%s', (_what, text, zone, from, expected) => {
    expect(runs(text, zone, from, 1)).toEqual([expected]);
  });
});

const ZONES = [
  ...['Europe/Berlin', 'America/New_York', 'America/Sao_Paulo', 'Australia/Lord_Howe', 'Africa/Casablanca'],
  ...['Asia/Kolkata', 'Pacific/Auckland', 'America/St_Johns', 'Asia/Beirut', 'America/Havana', 'UTC'],
];
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

interface Wall {
  readonly day: string;
  readonly hour: number;
  readonly minute: number;
}

/** The clock on the wall at each minute of a span: what the rules are about. */
function walls(zone: string, from: number, to: number): Map<number, Wall> {
  const format = new Intl.DateTimeFormat('en-CA', {
    ...{ timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' },
    hourCycle: 'h23',
  });
  const found = new Map<number, Wall>();
  for (let at = from; at <= to; at += MINUTE) {
    const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
    const day = `${part.year}-${part.month}-${part.day}`;
    found.set(at, { day, hour: Number(part.hour), minute: Number(part.minute) });
  }
  return found;
}

/** When the clock on the wall is changed, within a span. */
function changes(zone: string, from: number, to: number): number[] {
  const format = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' });
  const offset = (at: number) => format.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value;
  const found: number[] = [];
  for (let low = from; low < to; low += 24 * HOUR) {
    if (offset(low) === offset(low + 24 * HOUR)) continue;
    let [before, after] = [low, low + 24 * HOUR];
    while (after - before > MINUTE) {
      const middle = before + Math.floor((after - before) / 2 / MINUTE) * MINUTE;
      if (offset(middle) === offset(low)) before = middle;
      else after = middle;
    }
    found.push(after);
  }
  return found;
}

interface Field {
  readonly text: string;
  readonly values: readonly number[];
}

/** By the rules, minute by minute. */
function expectedRuns(hours: Field, minutes: Field, seen: ReadonlyMap<number, Wall>): number[] {
  const wild = [hours, minutes].some(({ text }) => text.includes('*'));
  const matches = ({ hour, minute }: Wall) => hours.values.includes(hour) && minutes.values.includes(minute);
  if (wild) return [...seen].filter(([, wall]) => matches(wall)).map(([at]) => at);
  const found = new Set<number>();
  const first = new Map<string, number>();
  for (const [at, { day, hour, minute }] of seen) {
    const key = `${day} ${hour}:${minute}`;
    if (!first.has(key)) first.set(key, at);
  }
  const days = new Set([...seen.values()].map(({ day }) => day));
  for (const day of days)
    for (const hour of hours.values)
      for (const minute of minutes.values) {
        // Skipped: right after it, unless the day ends before that.
        const at = first.get(`${day} ${hour}:${minute}`) ?? firstAfter(seen, day, hour * 60 + minute);
        if (at !== undefined) found.add(at);
      }
  return [...found].sort((a, b) => a - b);
}

function firstAfter(seen: ReadonlyMap<number, Wall>, day: string, minutes: number): number | undefined {
  for (const [at, wall] of seen) if (wall.day === day && wall.hour * 60 + wall.minute > minutes) return at;
  return undefined;
}

const field = (most: number): fc.Arbitrary<Field> =>
  fc.oneof(
    fc.constant({ text: '*', values: [...Array(most).keys()] }),
    fc.integer({ min: 2, max: 20 }).map((step) => ({
      text: `*/${step}`,
      values: [...Array(most).keys()].filter((value) => value % step === 0),
    })),
    fc.uniqueArray(fc.integer({ min: 0, max: most - 1 }), { minLength: 1, maxLength: 4 }).map((values) => ({
      text: values.join(','),
      values,
    })),
  );

test('across every change of the clock, in any zone: the rules hold for any hours and minutes', () => {
  const years = [2015, 2026].map((year) => Date.UTC(year, 0));
  const places = ZONES.flatMap((zone) =>
    years.flatMap((from) => [from, ...changes(zone, from, from + 366 * 24 * HOUR)].map((at) => ({ zone, at }))),
  );
  expect(places.length).toBeGreaterThan(30);
  const near = new Map<string, Map<number, Wall>>();
  fc.assert(
    fc.property(fc.constantFrom(...places), field(24), field(60), ({ zone, at }, hours, minutes) => {
      const key = `${zone} ${at}`;
      // The whole days around it, since the first of two equal times counts.
      const seen = near.get(key) ?? walls(zone, at - 26 * HOUR, at + 26 * HOUR);
      near.set(key, seen);
      const timing = readCron(`${minutes.text} ${hours.text} * * *`, zone);
      const [from, to] = [at - 3 * HOUR, at + 3 * HOUR];
      const wanted = expectedRuns(hours, minutes, seen).filter((run) => run > from && run <= to);
      const got: number[] = [];
      for (let run = nextOfCron(timing, from); run !== undefined && run <= to; run = nextOfCron(timing, run))
        got.push(run);
      expect(got.map((run) => new Date(run).toISOString())).toEqual(wanted.map((run) => new Date(run).toISOString()));
    }),
    { numRuns: 60 },
  );
});
