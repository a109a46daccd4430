/** `tsworker init`: what it writes and what it keeps. That the result works is tested in pack.test.ts. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot, runCli, writeJobs } from '../support/cli.js';
import { tempDir } from '../support/reaper.js';

const FILES = {
  'package.json': '{\n    "name": "app",\n    "files": ["a", "b"]\n}\n',
  'jobs/mine.ts': 'export const Mine = () => {};\n',
  'config/tsworker.config.json': '{ "queues": ["mine"] }\n',
  'tsconfig.json': '{}\n',
  Procfile: 'web: npm start',
};

function contents(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  return Object.fromEntries(paths.sort().map((path) => [path, readFileSync(join(folder, path), 'utf8')]));
}

test('into a project: adds what is missing, leaves what is there, and says which', async () => {
  const cwd = writeJobs(tempDir('project'), FILES);
  const dry = runCli(['init', '-procfile', '-systemd', '-dry-run'], { cwd });
  expect((await dry.exit()).code, dry.output).toBe(0);
  expect(dry.stdout).toContain('would change  package.json');
  expect(contents(cwd)).toEqual(FILES);

  const run = runCli(['init', '-procfile', '-systemd', '-json'], { cwd });
  expect((await run.exit()).code, run.output).toBe(0);
  expect(JSON.parse(run.stdout).files).toEqual([
    { kind: 'change', file: 'package.json', about: 'scripts worker, worker:check added' },
    { kind: 'keep', file: 'jobs', about: 'has 1 module' },
    { kind: 'keep', file: 'config/tsworker.config.json', about: 'is the configuration' },
    { kind: 'keep', file: 'tsconfig.json', about: 'is there' },
    { kind: 'change', file: 'Procfile', about: 'a worker process added' },
    { kind: 'create', file: 'tsworker.service', about: 'a systemd unit' },
  ]);
  const { 'package.json': manifest, Procfile, 'tsworker.service': unit, ...rest } = contents(cwd);
  const { 'package.json': _manifest, Procfile: _procfile, ...untouched } = FILES;
  expect(rest).toEqual(untouched);
  expect(manifest).toMatch(/^\{\n {4}"name": "app",\n {4}"files": \[/);
  expect(JSON.parse(manifest)).toMatchObject({ files: ['a', 'b'], scripts: { worker: 'tsworker' } });
  expect(Procfile).toBe('web: npm start\nworker: npx tsworker\n');
  expect(unit).toContain('Type=notify');

  const before = contents(cwd);
  const again = runCli(['init', '-procfile', '-systemd'], { cwd });
  expect((await again.exit()).code).toBe(0);
  expect(again.stdout.match(/^ {2}kept /gm)).toHaveLength(6);
  expect(contents(cwd)).toEqual(before);
});

test('into a folder that is not there yet; a package.json that does not parse: nothing is written', async () => {
  const cwd = tempDir('init');
  const fresh = runCli(['init', 'new/app'], { cwd });
  expect((await fresh.exit()).code, fresh.output).toBe(0);
  expect(Object.keys(contents(join(cwd, 'new/app')))).toEqual([
    ...['jobs/hello.ts', 'package.json', 'tsconfig.json', 'tsworker.config.ts'],
  ]);
  expect(fresh.stdout).toContain(`Next:\n  cd new/app\n  npm install ${projectRoot.slice(0, -1)}\n`);

  const broken = writeJobs(tempDir('init'), { 'package.json': '{ oops' });
  const refused = runCli(['init'], { cwd: broken });
  expect((await refused.exit()).code).toBe(1);
  expect(refused.stderr).toBe('tsworker: package.json is no valid JSON; correct it first; nothing was written\n');
  expect(contents(broken)).toEqual({ 'package.json': '{ oops' });
});

test('where nothing can be written: the path and the reason in one line', async () => {
  const cwd = writeJobs(tempDir('init'), { 'a-file': '' });
  const intoFile = runCli(['init', 'a-file'], { cwd });
  expect((await intoFile.exit()).code).toBe(1);
  expect(intoFile.stderr).toMatch(/^tsworker: \S+\/a-file\S* cannot be written: [a-z ]+\n$/);
});
