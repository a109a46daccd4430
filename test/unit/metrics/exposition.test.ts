import fc from 'fast-check';
import { AggregatorRegistry } from 'prom-client';
import { expect, test } from 'vitest';
import { expose } from '../../../src/metrics/exposition.js';
import { DURATION_BOUNDS, FAMILIES } from '../../../src/metrics/families.js';
import { Histogram } from '../../../src/metrics/histogram.js';
import { parseMetrics } from '../../support/metrics.js';

test('writes every family with help and type, also one without a value', () => {
  const text = expose([]);
  const { types } = parseMetrics(text);
  expect([...types]).toEqual(Object.entries(FAMILIES).map(([name, { type }]) => [name, type]));
  for (const name of types.keys()) expect(text).toContain(`# HELP ${name} `);
});

test('writes a histogram with cumulative buckets', () => {
  const histogram = new Histogram(DURATION_BOUNDS);
  for (const value of [0, 0.001, 0.3, 0.3, 5000]) histogram.observe(value);
  const labels = { queue: 'q', class: 'A' };
  const scraped = parseMetrics(expose([{ family: 'tsworker_job_duration_seconds', labels, value: histogram.counts }]));
  const bucket = (le: string) => scraped.sum('tsworker_job_duration_seconds_bucket', { ...labels, le });
  expect(['0.001', '0.25', '0.5', '1800', '+Inf'].map(bucket)).toEqual([2, 2, 4, 4, 5]);
  expect(scraped.series('tsworker_job_duration_seconds_bucket')).toHaveLength(DURATION_BOUNDS.length + 1);
  expect(scraped.sum('tsworker_job_duration_seconds_count', labels)).toBe(5);
  expect(scraped.sum('tsworker_job_duration_seconds_sum', labels)).toBeCloseTo(5000.601);
});

test('any label value can be read back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (name) => {
      const labels = { queue: 'q', class: name, outcome: 'done' };
      const scraped = parseMetrics(expose([{ family: 'tsworker_jobs_total', labels, value: 1 }]));
      expect(scraped.series('tsworker_jobs_total')).toEqual([labels]);
    }),
    { numRuns: 40 },
  );
});

test('writes what prom-client writes', async () => {
  const labels = fc.record({ queue: fc.string({ unit: 'binary' }), class: fc.string() });
  const value = fc.oneof(fc.nat(), fc.double({ min: 0, max: 1e12, noNaN: true }));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(labels, value), { maxLength: 5 }), async (samples) => {
      const family = 'tsworker_jobs_total';
      const text = expose(samples.map(([own, number]) => ({ family, labels: own, value: number })));
      const metrics = Object.entries(FAMILIES).map(([name, { help, type }]) => ({
        ...{ name, help, type, aggregator: 'sum' },
        // As its own aggregation has them: the value of equal labels is the sum.
        values: name === family ? samples.map(([own, number], i) => ({ labels: { ...own, i }, value: number })) : [],
      }));
      const theirs = await AggregatorRegistry.aggregate([metrics as never]).metrics();
      expect(text).toBe(theirs.replaceAll(/,i="\d"\}/g, '}'));
    }),
    { numRuns: 200 },
  );
});
