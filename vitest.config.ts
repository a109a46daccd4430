/** Real processes and real Redis servers: few files at a time, each in a process of its own, with time to spare. */
import { defineConfig } from 'vitest/config';

/** Set by .ci/run: where to write the results for counting, beside showing them. */
const results = process.env.TEST_RESULTS;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 20_000,
    reporters: results ? ['default', ['json', { outputFile: results }]] : ['default'],
  },
});
