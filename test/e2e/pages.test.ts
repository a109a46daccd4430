/**
 * Keeps the pages true: the table of flags agrees with the settings table, the first job is run literally, the
 * TypeScript examples compile, and every link leads somewhere. That the package installs is tested in pack.test.ts.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { main } from '../../src/cli/main.js';
import { envName } from '../../src/config/setting-definition.js';
import { CONFIG_FLAG, SCHEMA, SETTING_KEYS } from '../../src/config/settings-table.js';
import { JOB, RAILS_JOB, TSCONFIG } from '../../src/init/templates.js';
import { type CliRun, projectRoot, run, writeJobs } from '../support/cli.js';
import { assertConserved, leftoverKeys } from '../support/conservation.js';
import { fakeIo } from '../support/io.js';
import { allPages, PAGE_FILES, type PageFile, page } from '../support/pages.js';
import { tempDir } from '../support/reaper.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { comparable, pairIds, patternOf, sessionOf } from '../support/session.js';

const README = page('README.md');
const PAGES = allPages();

/** The code block below the comment that names its file. */
function block(file: string): string {
  const [, ...found] = PAGES.split(`<!-- file: ${file} -->\n`);
  const code = /^```\w+\n([\s\S]*?)^```$/m.exec(found[0] ?? '');
  if (found.length !== 1 || code === null) throw new Error(`the pages must have one block for ${file}`);
  return code[1];
}

interface FlagItem {
  readonly flag: string;
  readonly env: string;
  readonly key: string | undefined;
  readonly defaultText: string;
  readonly meaning: string;
}

/** The items of the list of flags: flag, variable, key, default, meaning. */
function flagItems(): FlagItem[] {
  const text = page('config/README.md');
  const section = text.slice(text.indexOf('\n## Flags\n'), text.indexOf('\n## Configuration\n'));
  const items = section.matchAll(
    /^- `-([\w-]+)` \(`(\w+)`(?:, `(\w+)`)?\), (required|no default|default `([^`]*)`)\.\s([\s\S]*?)(?=\n\n|\n- |$)/gm,
  );
  return [...items].map(([, flag, env, key, word, given, meaning]) => {
    return { flag, env, key, defaultText: given ?? (word === 'required' ? '(required)' : ''), meaning };
  });
}

const COMPILER_OPTIONS = {
  target: 'ES2023',
  module: 'NodeNext',
  strict: true,
  skipLibCheck: true,
  noEmit: true,
  allowImportingTsExtensions: true,
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

test('has every setting in its list of flags, as the settings table has it', () => {
  const items = flagItems();
  const byFlag = new Map(items.map((item) => [item.flag, item]));
  for (const key of SETTING_KEYS) {
    const { flag, defaultText } = SCHEMA[key];
    const shown = key === 'queues' ? '(required)' : defaultText;
    expect(byFlag.get(flag)).toMatchObject({ flag, env: envName(flag), key, defaultText: shown });
    expect(byFlag.get(flag)?.meaning, `the meaning of -${flag}`).toMatch(/\w/);
  }
  const { flag } = CONFIG_FLAG;
  expect(byFlag.get(flag)).toMatchObject({ env: envName(flag), key: undefined });
  // Each once.
  expect(items.map((item) => item.flag).sort()).toEqual([...SETTING_KEYS.map((key) => SCHEMA[key].flag), flag].sort());
});

test('names the commands that try it and test it', () => {
  for (const command of ['bin/setup && npm run demo', 'bin/setup && npm test']) expect(README).toContain(command);
  expect(block('install.sh').split('\n')).toContain(
    'npm install /path/to/tsworker-0.1.0.tgz   # once it is published: npm install tsworker',
  );
});

test('has a first job that runs as it says', async () => {
  const first = shell(block('run.sh'));
  expect(await first.exit(), first.output).toEqual({ code: 0, signal: null });
  const promised = /prints `([^`]+)`/.exec(README)?.[1];
  expect(first.stdout.split('\n')).toContain(promised);
  expect(await assertConserved(redis.client, 1)).toMatchObject({ processed: 1, failed: 0 });
  expect(await leftoverKeys(redis.client)).toEqual([]);
});

test('enqueues from a TypeScript program as it says', async () => {
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

/** As in the page's diff: each line with a minus gives way to the next one with a plus. */
function fix(file: string): void {
  const [, after = ''] = PAGES.split(`<!-- fix: ${file} -->\n`);
  const diff = /^```diff\n([\s\S]*?)^```$/m.exec(after)?.[1] ?? '';
  const pairs = [...diff.matchAll(/^-(.+)\n\+(.+)$/gm)];
  expect(pairs.length).toBeGreaterThan(0);
  const text = pairs.reduce(
    (all, [, old, now]) => {
      expect(all).toContain(old);
      return all.replace(old, now);
    },
    readFileSync(join(app, file), 'utf8'),
  );
  writeJobs(app, { [file]: text });
}

/** A worker is a process of its own; npx was tried above, and takes its time. */
async function work(line: string): Promise<string> {
  const ran = shell(line.replace(/^npx /, './node_modules/.bin/'));
  expect(await ran.exit(), ran.output).toEqual({ code: 0, signal: null });
  return ran.stdout;
}

/** The other commands run in this process, which is quicker. */
async function look(line: string): Promise<string> {
  const io = fakeIo({ cwd: app });
  const code = await main(line.split(' ').slice(2), { REDIS_URL: redis.uri }, io);
  expect(code, io.texts.err).toBe(0);
  return io.texts.out + io.texts.err;
}

test('has a walk-through of failed jobs that ends well, and prints what it shows', { timeout: 120_000 }, async () => {
  await redis.client.flushAll();
  writeJobs(app, { 'jobs/invoices.ts': block('jobs/invoices.ts'), 'orders.ndjson': block('orders.ndjson') });
  let ids: ReadonlyMap<string, string> = new Map();
  for (const name of ['1', '2', '3']) {
    if (name === '3') fix('jobs/invoices.ts');
    for (const { line, output } of sessionOf(PAGES, name)) {
      const typed = [...ids].reduce((text, [shown, now]) => text.replace(shown, now), line);
      const printed = typed.includes(' -queues=') ? await work(typed) : await look(typed);
      expect(comparable(printed), line).toMatch(patternOf(output));
      if (line.endsWith(' failed')) ids = pairIds(output, printed);
    }
  }
  expect(await assertConserved(redis.client, 4)).toMatchObject({ processed: 4, failed: 0 });
});

test('shares typed jobs with a program as it says, compiled and in JavaScript', { timeout: 60_000 }, async () => {
  const cwd = writeJobs(tempDir('shared'), {
    'package.json': '{ "type": "module" }',
    'tsconfig.json': TSCONFIG,
    'tsconfig.build.json': block('tsconfig.build.json'),
    'jobs/hello.ts': JOB,
    'app.ts': block('app.ts'),
    'plain/jobs/hello.mjs': block('jobs/hello.mjs'),
    'plain/app.mjs': block('app.ts').replace('hello.ts', 'hello.mjs'),
  });
  mkdirSync(join(cwd, 'node_modules'));
  symlinkSync(projectRoot, join(cwd, 'node_modules/tsworker'));
  const tsc = spawnSync(join(projectRoot, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json'], {
    cwd,
    encoding: 'utf8',
  });
  expect(tsc.stdout).toBe('');
  const env = { REDIS_URL: redis.uri };
  for (const [app, jobs] of [
    ['dist/app.js', 'dist/jobs'],
    ['plain/app.mjs', 'plain/jobs'],
    ['dist/app.js', 'jobs'],
  ]) {
    const program = run(process.execPath, [app], { cwd, env });
    expect((await program.exit()).code, program.output).toBe(0);
    const worker = run(
      process.execPath,
      [join(projectRoot, 'bin/tsworker.js'), '-queues=default', `-jobs=${jobs}`, '-exit-on-complete'],
      { cwd, env },
    );
    expect((await worker.exit()).code, worker.output).toBe(0);
    expect(worker.logs.map((line) => line.msg)).toContain('hello, Ada');
  }
});

test('has TypeScript examples that compile', { timeout: 60_000 }, () => {
  const dir = tempDir('examples');
  const blocks = [...PAGES.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code);
  expect(blocks.length).toBeGreaterThan(6);
  writeJobs(dir, {
    ...Object.fromEntries(blocks.map((code, i) => [`example-${i}.ts`, code])),
    'package.json': '{ "type": "module" }',
    'pg.d.ts': PG,
    'jobs/hello.ts': JOB,
    'jobs/welcome.ts': RAILS_JOB,
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

/** As GitHub makes an anchor of a heading. */
function anchorsOf(file: PageFile): string[] {
  return [...page(file).matchAll(/^#+ (.+)$/gm)].map(([, text]) =>
    text
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

test.each(PAGE_FILES)('%s has no link that leads nowhere', (file) => {
  const links = [...page(file).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, link]) => link);
  const dead = links.filter((link) => {
    const [path, anchor] = link.split('#');
    const target = path === '' ? file : normalize(join(dirname(file), path));
    if (!existsSync(join(projectRoot, target))) return true;
    return anchor !== undefined && !anchorsOf(target as PageFile).includes(anchor);
  });
  expect(dead).toEqual([]);
});

test.each(PAGE_FILES)(
  '%s is legible as it stands: no table cell of over 200 characters, no line of prose over 120',
  (file) => {
    const rows = page(file)
      .split('\n')
      .filter((line) => line.startsWith('|'));
    expect(rows.flatMap((row) => row.split('|')).filter((cell) => cell.trim().length > 200)).toEqual([]);
    const prose = page(file)
      .replace(/^```[\s\S]*?^```$/gm, '')
      .split('\n')
      .filter((line) => !line.startsWith('|') && !/https?:\/\/|^!\[/.test(line));
    expect(prose.filter((line) => line.length > 120)).toEqual([]);
  },
);

test('keeps README.md short', () => {
  expect(README.split('\n').length).toBeLessThanOrEqual(231);
});
