/**
 * `npm run test:matrix`: the end-to-end tests on every supported version of Node, one after the other, and a table of what
 * came of it. `npm run test:matrix -- 22 24` takes these versions only. Exit code 1 where a test failed or none ran.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import Table from 'cli-table3';
import { fetchNode, type NodeBinary, SUPPORTED } from './versions.js';

const ROOT = resolve(import.meta.dirname, '../../../..');
const CACHE = join(ROOT, '.cache');

interface Row {
  readonly version: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly seconds: number;
  readonly sound: boolean;
}

/** What vitest writes, as far as it is read here. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly success: boolean;
}

function runOn({ version, dir }: NodeBinary): Row {
  const results = join(CACHE, `matrix-${version}.json`);
  rmSync(results, { force: true });
  const began = Date.now();
  // npm and npx, which the tests start, take the node that is first on the PATH.
  const env = { ...process.env, PATH: `${dir}${delimiter}${process.env.PATH}`, TEST_RESULTS: results };
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const run = spawnSync(join(dir, 'node'), [vitest, 'run', 'test/e2e'], { cwd: ROOT, env, stdio: 'inherit' });
  const seconds = Math.round((Date.now() - began) / 1000);
  const report = readReport(results);
  return {
    ...{ version, seconds, skipped: report.numPendingTests },
    ...{ passed: report.numPassedTests, failed: report.numFailedTests },
    sound: run.status === 0 && report.success && report.numPassedTests > 0,
  };
}

/** Where vitest could not even start there is none. */
function readReport(file: string): Report {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, success: false };
  }
}

function tableOf(rows: readonly Row[]): string {
  const table = new Table({
    head: ['Node', 'passed', 'failed', 'skipped', 'seconds', ''],
    style: { head: [], border: [] },
  });
  for (const { version, passed, failed, skipped, seconds, sound } of rows)
    table.push([version, passed, failed, skipped, seconds, sound ? 'ok' : 'NOT OK']);
  return table.toString();
}

function main(wanted: readonly string[]): number {
  const wrong = wanted.find((version) => !/^\d+(\.\d+){0,2}$/.test(version));
  if (wrong !== undefined) {
    console.error(`test:matrix: ${JSON.stringify(wrong)} is no version of Node: 22, 20.19 or 24.9.0 is`);
    return 2;
  }
  const nodes = (wanted.length === 0 ? SUPPORTED : wanted).map((version) => fetchNode(version, CACHE));
  const rows = nodes.map((node) => {
    console.log(`\n=== Node ${node.version} (${platform()} ${arch()})`);
    return runOn(node);
  });
  console.log(`\n${tableOf(rows)}`);
  return rows.every(({ sound }) => sound) ? 0 : 1;
}

process.exitCode = main(process.argv.slice(2));
