/**
 * The README cannot rot: its table of flags agrees with the schema, its first job is run literally, its TypeScript
 * examples compile, and its links lead somewhere. That the package installs is tested in pack.test.ts.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CONFIG_FLAG, SCHEMA, SETTING_KEYS } from '../../src/config/schema.js';
import { envName } from '../../src/config/setting.js';
import { type CliRun, projectRoot, run, writeJobs } from '../support/cli.js';
import { assertConserved, leftoverKeys } from '../support/conservation.js';
import { tempDir } from '../support/reaper.js';
import { startRedis, type TestRedis } from '../support/redis.js';

const README = readFileSync(join(projectRoot, 'README.md'), 'utf8');

/** The code block below the comment that names its file. */
function block(file: string): string {
  const [, ...found] = README.split(`<!-- file: ${file} -->\n`);
  const code = /^```\w+\n([\s\S]*?)^```$/m.exec(found[0] ?? '');
  if (found.length !== 1 || code === null) throw new Error(`README.md must have one block for ${file}`);
  return code[1];
}

/** The cells of every table row that begins with a flag, without backticks. */
function flagRows(): Map<string, string[]> {
  const section = README.slice(README.indexOf('\n## Flags\n'), README.indexOf('\n## Configuration\n'));
  const rows = section.split('\n').filter((line) => line.startsWith('| `-'));
  const cells = rows.map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.replaceAll('`', '').trim()),
  );
  return new Map(cells.map((row) => [row[0], row]));
}

const COMPILER_OPTIONS = {
  target: 'ES2023',
  module: 'NodeNext',
  strict: true,
  skipLibCheck: true,
  noEmit: true,
  types: ['node'],
};

/** The database client of the README's pool example is no dependency of ours. */
const PG = `declare module 'pg' {
  export class Pool {
    constructor(options: { connectionString: string; max: number });
    query(text: string, values: unknown[]): Promise<unknown>;
    end(): Promise<void>;
  }
}
`;

let redis: TestRedis;
const app = tempDir('readme');

beforeAll(async () => {
  redis = await startRedis();
  writeJobs(app, { 'jobs/hello.ts': block('jobs/hello.ts'), 'enqueue.mjs': block('enqueue.mjs') });
  writeRedisCli();
  // As npm lays an installed package out, without the time it takes.
  mkdirSync(join(app, 'node_modules/.bin'), { recursive: true });
  symlinkSync(projectRoot, join(app, 'node_modules/tsworker'));
  symlinkSync('../tsworker/bin/tsworker.js', join(app, 'node_modules/.bin/tsworker'));
});

afterAll(() => redis?.stop());

/** Runs shell lines as they stand, but against the test's Redis: by REDIS_URL, and a redis-cli of our own. */
function shell(lines: string): CliRun {
  const env = { REDIS_URL: redis.uri, PATH: `${join(app, 'bin')}:${process.env.PATH}` };
  return run('sh', ['-ec', lines], { cwd: app, env });
}

function writeRedisCli(): void {
  const file = join(app, 'bin/redis-cli');
  const real = `PATH='${process.env.PATH}' redis-cli -s '${redis.socketPath}'`;
  writeJobs(app, { 'bin/redis-cli': `#!/bin/sh\n${real} "$@"\n` });
  chmodSync(file, 0o755);
}

it('has every setting in its table of flags, as the schema has it', () => {
  const rows = flagRows();
  for (const key of SETTING_KEYS) {
    const { flag, defaultText } = SCHEMA[key];
    const row = rows.get(`-${flag}`) ?? [];
    expect(row.slice(0, 4)).toEqual([`-${flag}`, envName(flag), key, key === 'queues' ? '(required)' : defaultText]);
    expect(row[4], `the meaning of -${flag}`).toMatch(/\w/);
  }
  const { flag } = CONFIG_FLAG;
  expect(rows.get(`-${flag}`)?.slice(0, 2)).toEqual([`-${flag}`, envName(flag)]);
  expect(rows.size).toBe(SETTING_KEYS.length + 1);
});

it('names the commands that try it and test it', () => {
  for (const command of ['bin/setup && npm run demo', 'bin/setup && npm test']) expect(README).toContain(command);
  expect(block('install.sh').split('\n')).toContain('npm install tsworker');
});

it('has a first job that runs as it says', async () => {
  const first = shell(block('run.sh'));
  expect(await first.exit(), first.output).toEqual({ code: 0, signal: null });
  const promised = /prints `([^`]+)`/.exec(README)?.[1];
  expect(first.stdout.split('\n')).toContain(promised);
  expect(await assertConserved(redis.client, 1)).toMatchObject({ processed: 1, failed: 0 });
  expect(await leftoverKeys(redis.client)).toEqual([]);
});

it('enqueues from a TypeScript program as it says', async () => {
  const producer = shell('node enqueue.mjs');
  expect(await producer.exit(), producer.output).toEqual({ code: 0, signal: null });
  expect(await redis.client.lRange('resque:queue:greetings', 0, -1)).toEqual([
    '{"class":"Hello","args":["Ada"]}',
    '{"class":"Hello","args":["Grace"]}',
    '{"class":"Hello","args":[12345678901234567890]}',
  ]);
  const worker = shell('npx tsworker -queues=greetings -exit-on-complete');
  expect(await worker.exit(), worker.output).toEqual({ code: 0, signal: null });
  expect(worker.stdout).toContain('greetings: hello, 12345678901234567890!');
});

it('has TypeScript examples that compile', { timeout: 60_000 }, () => {
  const dir = tempDir('examples');
  const blocks = [...README.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code);
  expect(blocks.length).toBeGreaterThan(6);
  writeJobs(dir, {
    ...Object.fromEntries(blocks.map((code, i) => [`example-${i}.ts`, code])),
    'package.json': '{ "type": "module" }',
    'pg.d.ts': PG,
    'tsconfig.json': JSON.stringify({ compilerOptions: COMPILER_OPTIONS }),
  });
  mkdirSync(join(dir, 'node_modules'));
  symlinkSync(projectRoot, join(dir, 'node_modules/tsworker'));
  for (const name of ['zod', '@types']) {
    symlinkSync(join(projectRoot, 'node_modules', name), join(dir, 'node_modules', name));
  }
  const tsc = join(projectRoot, 'node_modules/.bin/tsc');
  const { status, stdout } = spawnSync(tsc, ['-p', dir], { encoding: 'utf8' });
  expect(stdout).toBe('');
  expect(status).toBe(0);
});

it('has no link within it that leads nowhere', () => {
  const headings = [...README.matchAll(/^#+ (.+)$/gm)].map(([, text]) => text.toLowerCase().replaceAll(' ', '-'));
  const anchors = [...README.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor);
  expect(anchors.filter((anchor) => !headings.includes(anchor))).toEqual([]);
  const files = [...README.matchAll(/\]\((?!#|https:)([^)]+)\)/g)].map(([, file]) => file);
  for (const file of files) expect(() => readFileSync(join(projectRoot, file))).not.toThrow();
});
