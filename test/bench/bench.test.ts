/** The bench runs and its figures are sane, so that it cannot rot. How large they are is no matter here: the machine is busy. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { tempDir } from '../support/reaper.js';
import type { Document } from './report/document.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

// So few jobs may be over before the window opens, on a busy machine.
test('compares tsworker with its peers and writes the figures', { retry: 2, timeout: 60_000 }, async () => {
  const json = join(tempDir('bench'), 'figures.json');
  await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'test/bench'], { cwd: root });
  const flags = ['--quick', '--jobs', '500', '--rounds', '1', '--json', json];
  const { stdout } = await run(process.execPath, ['.cache/bench/test/bench/main.js', ...flags], { cwd: root });

  const { reports, node, redis } = JSON.parse(readFileSync(json, 'utf8')) as Document;
  expect([node, redis].every((version) => /\d+\.\d+/.test(version))).toBe(true);
  expect(reports).toHaveLength(1);
  const { rows, notes } = reports[0];
  expect(rows.map((row) => row.labels.system)).toEqual(['tsworker', 'BullMQ', 'node-resque']);
  for (const { labels, figures } of rows) {
    expect(stdout).toContain(labels.system);
    expect(figures.perSecond?.median, `${labels.system}: ${notes.join('; ')}`).toBeGreaterThan(0);
  }
  const [tsworker, bullmq] = rows.map((row) => row.figures.calls?.median ?? Number.NaN);
  // tsworker reports and claims for many jobs at once; BullMQ calls at least once for each job.
  expect(tsworker).toBeLessThan(0.5);
  expect(bullmq).toBeGreaterThan(0.9);
});
