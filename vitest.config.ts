/** Real processes and real Redis servers: few files at a time, each in a process of its own, with time to spare. */
import { defineConfig } from 'vitest/config';

/** Set by .ci/run: where to write the results for counting, beside showing them. */
const results = process.env.TEST_RESULTS;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    // Of the concurrent tests of a file, which each run servers and workers of their own.
    maxConcurrency: 4,
    // Whole processes share two cores there: a test fails where it fails twice.
    retry: process.env.CI ? 1 : 0,
    testTimeout: 40_000,
    hookTimeout: 40_000,
    reporters: results ? ['default', ['json', { outputFile: results }]] : ['default'],
  },
});
