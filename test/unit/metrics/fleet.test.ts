import { beforeEach, describe, expect, test } from 'vitest';
import type { Counts } from '../../../src/metrics/counts.js';
import { expose } from '../../../src/metrics/exposition.js';
import { FleetCounts } from '../../../src/metrics/fleet.js';
import { parseMetrics, type Scraped } from '../../support/metrics.js';

const NOTHING: Counts = {
  ...{ jobs: [], waits: [], claimCalls: 0, emptyClaims: 0, fenced: 0, reconnects: 0, lag: undefined },
  ...{ slots: 5, busy: 0, rssBytes: 1 },
};
const counts = (done: number, failed = 0): Counts => ({
  ...NOTHING,
  jobs: [{ queue: 'q', class: 'Mail', done, failed, requeued: 0, retried: 0, discarded: 0, duration: undefined }],
});

let fleet: FleetCounts;
beforeEach(() => {
  fleet = new FleetCounts(['q']);
  fleet.totals.setClasses(['Mail']);
});

const scrape = async (): Promise<Scraped> => parseMetrics(await expose(fleet.totals.samples()));
const jobs = async (labels: Record<string, string>) => (await scrape()).sum('tsworker_jobs_total', labels);

describe('a child that died', () => {
  test('is counted as Redis counted it: what it did not report is of no known class', async () => {
    fleet.counted(0, 11, counts(3, 1));
    fleet.counted(0, 11, counts(2));
    fleet.left(0, 11, false);
    fleet.recovered(11, { processed: 9, failed: 1 });
    expect(await jobs({ outcome: 'done' })).toBe(9);
    expect(await jobs({ outcome: 'failed' })).toBe(1);
    expect(await jobs({ class: 'Mail', outcome: 'done' })).toBe(5);
    expect(await jobs({ class: 'unknown', queue: 'unknown', outcome: 'done' })).toBe(4);
  });

  test('whose counts somebody took out of the books stays as it reported', async () => {
    fleet.counted(0, 11, counts(3));
    fleet.recovered(11, { processed: 1, failed: 0 });
    expect(await jobs({ outcome: 'done' })).toBe(3);
  });

  test('is not mixed up with the next process in its place, nor with one of its pid later', async () => {
    fleet.counted(0, 11, counts(3));
    fleet.left(0, 11, false);
    fleet.counted(0, 12, counts(1));
    fleet.recovered(11, { processed: 3, failed: 0 });
    fleet.recovered(12, { processed: 1, failed: 0 });
    fleet.recovered(11, { processed: 2, failed: 0 });
    expect(await jobs({ outcome: 'done' })).toBe(6);
  });

  test('of an orderly end nothing is kept', async () => {
    fleet.counted(0, 11, counts(3));
    fleet.left(0, 11, true);
    // Another process, much later, with the same pid.
    fleet.recovered(11, { processed: 2, failed: 0 });
    expect(await jobs({ outcome: 'done' })).toBe(5);
  });
});

test('a job that was recovered counts as what became of it, and any name but ours as unknown', async () => {
  fleet.totals.recovered({ queue: 'q', class: 'Mail', outcome: 'requeued' });
  fleet.totals.recovered({ queue: 'q', class: 'Mail', outcome: 'poison_pill' });
  fleet.totals.recovered({ queue: 'rubys', class: 'Theirs', outcome: 'failed' });
  expect(await jobs({ queue: 'q', class: 'Mail', outcome: 'requeued' })).toBe(1);
  expect(await jobs({ queue: 'q', class: 'Mail', outcome: 'failed' })).toBe(1);
  expect(await jobs({ queue: 'unknown', class: 'unknown', outcome: 'failed' })).toBe(1);
  expect((await scrape()).sum('tsworker_recovered_jobs_total', { outcome: 'poison_pill' })).toBe(1);
});

test('restarts have their reason, and an end at a stop is none', async () => {
  fleet.died(1, true);
  fleet.blocked(2);
  fleet.died(2, true);
  fleet.retiring();
  fleet.replacing();
  fleet.died(3, false);
  const scraped = await scrape();
  const restarts = (reason: string) => scraped.sum('tsworker_child_restarts_total', { reason });
  expect(['death', 'blocked', 'max-rss', 'reload'].map(restarts)).toEqual([1, 1, 1, 1]);
});

test('a process that is gone has no gauges, and keeps its counters', async () => {
  fleet.counted(0, 11, { ...NOTHING, claimCalls: 4 });
  fleet.counted(1, 12, { ...NOTHING, busy: 2 });
  fleet.left(0, 11, true);
  const scraped = await scrape();
  expect(scraped.series('tsworker_busy_slots')).toEqual([{ process: 'child-2' }]);
  expect(scraped.sum('tsworker_busy_slots')).toBe(2);
  expect(scraped.sum('tsworker_claim_calls_total', { process: 'child-1' })).toBe(4);
});

test('two processes in one place, while one replaces the other: together, and then the new one alone', async () => {
  fleet.counted(0, 11, { ...NOTHING, busy: 3 });
  fleet.counted(0, 12, { ...NOTHING, busy: 1 });
  expect((await scrape()).sum('tsworker_busy_slots', { process: 'child-1' })).toBe(4);
  fleet.left(0, 11, true);
  expect((await scrape()).sum('tsworker_busy_slots', { process: 'child-1' })).toBe(1);
  expect((await scrape()).series('tsworker_busy_slots')).toHaveLength(1);
});

test('tells how long a process has been silent', () => {
  fleet.totals.add('child-1', 11, NOTHING, 1000);
  const silent = [...fleet.totals.samples(61_000)].find((sample) => sample.family === 'tsworker_silent_seconds');
  expect(silent?.value).toBe(60);
});
