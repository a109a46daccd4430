/** `tsworker demo`: its statements are true, it fits a narrow terminal, and it leaves nothing behind. */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { type CliRun, projectRoot, run, runCli } from '../support/cli.js';
import { tempDir } from '../support/reaper.js';
import { until } from '../support/until.js';

const numberIn = (text: string, pattern: RegExp) => Number((pattern.exec(text)?.[1] ?? 'NaN').replaceAll(',', ''));

/** What every complete run says. */
function expectSound(output: string): void {
  expect(numberIn(output, /all processed: ([\d,]+) jobs a second/)).toBeGreaterThan(0);
  expect(numberIn(output, /its job starts after ([\d.]+) ms \(median of 20/)).toBeGreaterThan(0);
  const died = numberIn(output, /one of two child processes died with (\d+) running jobs/);
  expect(died).toBeGreaterThan(0);
  expect(died).toBeLessThanOrEqual(36);
  expect(output).toMatch(/running again: the first after [\d,]+ ms, all after [\d,]+ ms/);
  expect(output).toMatch(/ 6 {2}ChargeCard {2}CardDeclined: insufficient funds/);
  expect(output).toContain('$ tsworker failed retry -error=funds');
  expect(output).toContain('6 retried and processed, 2 left to look at');
  expect(output).toContain('50,096 pushed = 50,094 processed + 2 failed');
  expect(output).toContain('lost 0\n');
}

const lines = (output: string) => output.replaceAll('\r', '').split('\n');

test('runs five acts, its figures add up, and nothing of it is left', { timeout: 90_000 }, async () => {
  const temp = tempDir('demo');
  const demo = runCli(['demo'], { env: { TMPDIR: temp } });
  expect(await demo.exit(80_000), demo.output).toEqual({ code: 0, signal: null });
  expectSound(demo.stdout);
  expect(lines(demo.stdout).filter((line) => line.length > 60)).toEqual([]);
  expect(demo.stdout).not.toContain('\u001b');
  expect(demo.stdout).toMatch(/\nNext\n {2}npx tsworker init my-worker\n(.*\n){2}$/);
  expect(readdirSync(temp)).toEqual([]);
});

test('-keep leaves its Redis, at the address that it prints; on a terminal it has colours', {
  timeout: 90_000,
}, async () => {
  const command = `stty cols 60; '${process.execPath}' bin/tsworker.js demo -keep`;
  const env = { TMPDIR: tempDir('demo'), NO_COLOR: '', TERM: 'xterm' };
  const demo = run('script', ['-qec', command, '/dev/null'], { cwd: projectRoot, env });
  expect(await demo.exit(80_000), demo.output).toEqual({ code: 0, signal: null });
  const plain = stripVTControlCharacters(demo.stdout).replaceAll('\r\n', '\n');
  expect(demo.stdout).toContain('\u001b[32m');
  expectSound(plain);
  const path = /export REDIS_URL=unix:\/\/(\S+)/.exec(plain)?.[1] ?? '';
  const redis = (...args: string[]) => execFileSync('redis-cli', ['-s', path, ...args], { encoding: 'utf8' }).trim();
  onTestFinished(() => void redis('shutdown', 'nosave'));
  expect([redis('get', 'resque:stat:processed'), redis('llen', 'resque:failed')]).toEqual(['50094', '2']);
  expect(redis('scard', 'resque:workers')).toBe('0');
});

test('cleans up after Ctrl-C', { timeout: 60_000 }, async () => {
  const temp = tempDir('demo');
  const demo: CliRun = runCli(['demo'], { env: { TMPDIR: temp } });
  await until(() => demo.stdout.includes('2. One push'), { what: 'the first act to end', timeoutMs: 40_000 });
  demo.signal('SIGINT');
  expect(await demo.exit(), demo.output).toEqual({ code: 130, signal: null });
  expect(demo.stdout).toContain('interrupted: everything it started has ended');
  expect(readdirSync(temp)).toEqual([]);
});

test('says how to install Redis where there is none', async () => {
  const demo = runCli(['demo'], { env: { PATH: tempDir('empty-path') } });
  expect(await demo.exit()).toEqual({ code: 1, signal: null });
  expect(demo.stderr).toMatch(/apt-get install redis-server/);
});
