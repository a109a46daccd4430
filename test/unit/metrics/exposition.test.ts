import fc from 'fast-check';
import { expect, it } from 'vitest';
import { expose } from '../../../src/metrics/exposition.js';
import { DURATION_BOUNDS, FAMILIES } from '../../../src/metrics/families.js';
import { Counted } from '../../../src/metrics/tally.js';
import { parseMetrics } from '../../support/metrics.js';

it('writes every family with help and type, also one without a value', async () => {
  const text = await expose([]);
  const { types } = parseMetrics(text);
  expect([...types]).toEqual(Object.entries(FAMILIES).map(([name, { type }]) => [name, type]));
  for (const name of types.keys()) expect(text).toContain(`# HELP ${name} `);
});

it('writes a histogram with cumulative buckets', async () => {
  const counted = new Counted(DURATION_BOUNDS);
  for (const value of [0, 0.001, 0.3, 0.3, 5000]) counted.observe(value);
  const labels = { queue: 'q', class: 'A' };
  const scraped = parseMetrics(
    await expose([{ family: 'tsworker_job_duration_seconds', labels, value: counted.tally }]),
  );
  const bucket = (le: string) => scraped.sum('tsworker_job_duration_seconds_bucket', { ...labels, le });
  expect(['0.001', '0.25', '0.5', '1800', '+Inf'].map(bucket)).toEqual([2, 2, 4, 4, 5]);
  expect(scraped.series('tsworker_job_duration_seconds_bucket')).toHaveLength(DURATION_BOUNDS.length + 1);
  expect(scraped.sum('tsworker_job_duration_seconds_count', labels)).toBe(5);
  expect(scraped.sum('tsworker_job_duration_seconds_sum', labels)).toBeCloseTo(5000.601);
});

it('any label value can be read back', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary' }), async (name) => {
      const labels = { queue: 'q', class: name, outcome: 'done' };
      const scraped = parseMetrics(await expose([{ family: 'tsworker_jobs_total', labels, value: 1 }]));
      expect(scraped.series('tsworker_jobs_total')).toEqual([labels]);
    }),
    { numRuns: 40 },
  );
});
