/** `tsworker demo` from outside: it ends well, its table adds up, and nothing is left behind. */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, it } from 'vitest';
import { type CliRun, runCli } from '../support/cli.js';
import { tempDir } from '../support/reaper.js';
import { until } from '../support/until.js';

interface TableRow {
  readonly queue: string;
  readonly class: string;
  readonly processed: number;
  readonly failed: number;
  readonly rate: number;
}

function rowsOf(output: string): TableRow[] {
  const lines = output.split('\n').filter((line) => line.startsWith('│'));
  const cells = lines.map((line) => line.split('│').map((cell) => cell.trim().replaceAll(',', '')));
  return cells.slice(1).map(([, queue, name, processed, failed, rate]) => ({
    queue,
    class: name,
    processed: Number(processed),
    failed: Number(failed),
    rate: Number(rate),
  }));
}

/** The folder of the demo's private Redis, as soon as it says so. */
async function folderOf(demo: CliRun): Promise<string> {
  const socket = await until(() => /unix:\/\/(\S+)/.exec(demo.stdout)?.[1], { what: 'the demo names its Redis' });
  return dirname(socket);
}

it('works 1,000 jobs, and its table is true', { timeout: 40_000 }, async () => {
  const demo = runCli(['demo']);
  const folder = await folderOf(demo);
  expect(await demo.exit(30_000), demo.output).toEqual({ code: 0, signal: null });

  const rows = rowsOf(demo.stdout);
  const all = rows.find((row) => row.queue === 'all');
  const parts = rows.filter((row) => row !== all);
  const sum = (of: (row: TableRow) => number) => parts.reduce((total, row) => total + of(row), 0);
  expect(parts.map(({ queue, class: name, processed, failed }) => [queue, name, processed, failed])).toEqual([
    ['high', 'ChargeCard', 192, 8],
    ['high', 'SendWelcomeMail', 400, 0],
    ['low', 'Reports::Daily', 100, 0],
    ['low', 'ResizeImage', 300, 0],
  ]);
  expect(all).toMatchObject({ processed: 992, failed: 8 });
  // Each is rounded to a whole number.
  expect(Math.abs(sum((row) => row.rate) - (all?.rate ?? 0))).toBeLessThanOrEqual(3);
  expect(demo.stdout).toContain("Checked against Redis' own counts");
  expect(demo.stdout).toContain('1,000/1,000 jobs');
  expect(existsSync(folder)).toBe(false);
});

it('cleans up after Ctrl-C', { timeout: 40_000 }, async () => {
  const demo = runCli(['demo']);
  const folder = await folderOf(demo);
  await until(() => demo.stdout.includes('250/1,000 jobs'), { what: 'the daemon works' });
  demo.signal('SIGINT');
  expect(await demo.exit(), demo.output).toEqual({ code: 130, signal: null });
  expect(existsSync(folder)).toBe(false);
});

it('says how to install Redis where there is none', async () => {
  const demo = runCli(['demo'], { env: { PATH: tempDir('empty-path') } });
  expect(await demo.exit()).toEqual({ code: 1, signal: null });
  expect(demo.stderr).toMatch(/apt-get install redis-server/);
});
