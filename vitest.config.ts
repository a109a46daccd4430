/**
 * Two projects. unit: functions and objects alone; its files share their process and the modules that they import.
 * system: real processes and real Redis servers; few files at a time, each in a process of its own, with time to spare.
 */
import { defineConfig } from 'vitest/config';

/** Set by .ci/run: where to write the results for counting, beside showing them. */
const results = process.env.TEST_RESULTS;

/** Unit tests that need a process of their own: an OpenTelemetry SDK and mocked modules last as long as the process. */
const ALONE = [
  'test/unit/tracing/*.test.ts',
  'test/unit/worker/shutdown.test.ts',
  'test/unit/log/log-subscriber.test.ts',
  'test/unit/cli/main.test.ts',
];

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    // Whole processes share two cores there: a test fails where it fails twice.
    retry: process.env.CI ? 1 : 0,
    testTimeout: 40_000,
    hookTimeout: 40_000,
    reporters: results ? ['default', ['json', { outputFile: results }]] : ['default'],
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/unit/**/*.test.ts'], exclude: ALONE, isolate: false },
      },
      {
        extends: true,
        test: {
          name: 'system',
          include: ['test/*.test.ts', 'test/integration/**/*.test.ts', 'test/e2e/**/*.test.ts', ...ALONE],
          // Of the concurrent tests of a file, which each run servers and workers of their own.
          maxConcurrency: 4,
        },
      },
    ],
  },
});
