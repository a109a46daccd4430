/** bin/setup on several kinds of machines, simulated by stand-ins for npm, id, sudo and the package managers. */
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type CliRun, projectRoot, run } from '../support/cli.js';
import { tempDir } from '../support/reaper.js';

interface Machine {
  readonly root?: boolean;
  /** Programs on the PATH beside node and npm. */
  readonly has?: readonly string[];
  readonly args?: readonly string[];
  /** What is typed on a terminal; without it there is none. */
  readonly typed?: string;
}

const NEEDED = ['bash', 'sh', 'dirname', 'cut', 'env', 'node', 'cat', 'script'];

/** Runs it, and returns the commands that were called, in order, and what it said. */
async function setup({ root = false, has = [], args = [], typed }: Machine): Promise<{ calls: string[]; run: CliRun }> {
  const dir = tempDir('setup');
  const path = join(dir, 'path');
  for (const folder of ['bin', 'path']) mkdirSync(join(dir, folder));
  copyFileSync(join(projectRoot, 'bin/setup'), join(dir, 'bin/setup'));
  writeFileSync(join(dir, 'package-lock.json'), '{}');
  writeFileSync(join(dir, 'calls'), '');
  for (const name of NEEDED) symlinkSync(which(name), join(path, name));
  const stub = (name: string, body = '') => {
    writeFileSync(join(path, name), `#!/bin/sh\necho "${name} $*" >> "${dir}/calls"\n${body}\n`);
    chmodSync(join(path, name), 0o755);
  };
  stub('npm');
  // What it would change on this machine is not to be touched: mv, rm and so on are stand-ins too.
  for (const name of ['mv', 'rm', 'tee', 'chmod', 'systemctl']) stub(name, name === 'tee' ? 'cat >/dev/null' : '');
  for (const name of has) stub(name, name === 'sudo' ? '"$@"' : '');
  const installs = `[ "$1" = update ] || { printf '#!/bin/sh\\n' > "${path}/redis-server"; /bin/chmod 755 "${path}/redis-server"; }`;
  if (has.includes('apt-get')) stub('apt-get', installs);
  writeFileSync(join(path, 'id'), `#!/bin/sh\necho ${root ? 0 : 1000}\n`);
  chmodSync(join(path, 'id'), 0o755);
  const command = [join(dir, 'bin/setup'), ...args];
  const started =
    typed === undefined
      ? run('bash', command, { cwd: dir, env: { PATH: path } })
      : run('script', ['-qec', `${command.join(' ')}`, '/dev/null'], { cwd: dir, env: { PATH: path }, input: typed });
  await started.exit();
  const calls = readFileSync(join(dir, 'calls'), 'utf8')
    .split('\n')
    .filter((line) => /^(npm|sudo|apt-get|brew) /.test(line));
  return { calls, run: started };
}

function which(name: string): string {
  const found = ['/usr/bin', '/bin', '/usr/local/bin'].map((folder) => join(folder, name));
  if (name === 'node') return process.execPath;
  return found.find((file) => existsSync(file)) as string;
}

const BUILT = ['npm ci --no-audit --no-fund', 'npm run build --silent'];

test('redis is there: packages and the build, nothing is installed', async () => {
  const { calls, run } = await setup({ has: ['redis-server', 'apt-get', 'sudo'] });
  expect(calls).toEqual(BUILT);
  expect(run.stdout).toMatch(/setup: done\n$/);
});

test('no Redis, nobody to ask, not root: the build is made, nothing is installed, and it says what to do', async () => {
  const { calls, run } = await setup({ has: ['apt-get', 'sudo'] });
  expect(calls).toEqual(BUILT);
  expect(await run.exited).toEqual({ code: 0, signal: null });
  expect(run.stdout).toMatch(
    /done, but for Redis: .*\nsetup: install it: sudo apt-get install redis-server \(bin\/setup --yes does\)\n$/,
  );
});

test('root and nobody to ask, as in CI: installs, after the build', async () => {
  const { calls, run } = await setup({ root: true, has: ['apt-get', 'sudo'] });
  expect(calls).toEqual([...BUILT, 'apt-get update -qq', expect.stringMatching(/^apt-get install .* redis-server$/)]);
  expect(run.stdout).toMatch(/setup: done\n$/);
});

test('--yes: installs with sudo; any other argument is refused', async () => {
  const { calls } = await setup({ has: ['apt-get', 'sudo'], args: ['--yes'] });
  expect(calls).toContain('sudo apt-get update -qq');
  const wrong = await setup({ args: ['--force'] });
  expect(wrong.run.stderr).toBe('setup: unknown argument --force; usage: bin/setup [--yes]\n');
  expect(wrong.calls).toEqual([]);
});

test.each([
  ['y', true],
  ['n', false],
])('on a terminal it asks: %s', async (answer, installs) => {
  const { calls, run } = await setup({ has: ['apt-get', 'sudo'], typed: `${answer}\n` });
  expect(run.stdout).toContain(
    "setup: redis: run 'sudo apt-get install redis-server' (the server is not started)? [y/N]",
  );
  expect(calls.includes('sudo apt-get update -qq')).toBe(installs);
  expect(calls.slice(0, 2)).toEqual(BUILT);
});

test('no package manager, or no sudo: the build is made, and it says what is missing', async () => {
  const bare = await setup({});
  expect(bare.calls).toEqual(BUILT);
  expect(bare.run.stdout).toMatch(/setup: install it: Redis 6 or newer, by hand\n$/);
  const noSudo = await setup({ has: ['apt-get'], args: ['--yes'] });
  expect(noSudo.calls).toEqual(BUILT);
  expect(noSudo.run.stdout).toContain('install it: sudo apt-get install redis-server');
});
