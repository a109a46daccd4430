/** The npm package as users get it: it contains only what is needed, and works in an empty folder. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CliRun, cleanEnv, projectRoot, run, writeJobs } from '../support/cli.js';
import { assertConserved, leftoverKeys } from '../support/conservation.js';
import { tempDir } from '../support/reaper.js';
import { startRedis, type TestRedis } from '../support/redis.js';

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

const JOB = `
import { appendFile } from 'node:fs/promises';
import { job, type JobContext } from 'tsworker';

export async function AppendLine(this: JobContext, queue: string, file: string, line: string): Promise<void> {
  await appendFile(file, \`\${queue}: \${line}\\n\`);
}

export const sum = job({
  class: 'Sum',
  queue: 'low',
  async perform(file: string, a: number, b: number) {
    await appendFile(file, \`\${this.queue}: \${a + b}\\n\`);
  },
});
`;

let redis: TestRedis;
let packed: Packed;
const app = tempDir('app');

/** npm as started by hand: what the npm that runs the tests says about this project must not reach it. */
function npm(args: readonly string[], cwd: string): string {
  const ours = /^(npm_(package|lifecycle|command|config_local_prefix)|INIT_CWD$)/;
  const env = Object.fromEntries(Object.entries(cleanEnv()).filter(([name]) => !ours.test(name)));
  return execFileSync('npm', args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function npx(args: readonly string[]): CliRun {
  return run('npx', args, { cwd: app });
}

beforeAll(async () => {
  redis = await startRedis();
  const reply: unknown = JSON.parse(
    npm(['pack', '--json', '--ignore-scripts', '--pack-destination', app], projectRoot),
  );
  // npm 12 answers with an object keyed by package name, older ones with a list.
  packed = Object.values(reply as Record<string, Packed>)[0];
  writeJobs(app, { 'package.json': '{ "private": true }', 'jobs/hello.ts': JOB });
  npm(['install', `./${packed.filename}`, '--prefer-offline', '--no-audit', '--no-fund'], app);
}, 180_000);

afterAll(() => redis?.stop());

test('contains what is needed and nothing else', () => {
  const paths = packed.files.map((file) => file.path);
  const allowed = [
    /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|dist\/licences\.txt)$/,
    /^bin\/(tsworker\.js|README\.md)$/,
    /^dist\/[\w-]+\.js$/,
    /^dist\/[\w/-]+\.d\.ts$/,
    /^dist\/[\w/-]+\.(js|d\.ts)$/,
    /^dist\/dashboard\/assets\/[\w-]+\.(css|js|svg|json)$/,
    /^dist\/resque\/scripts\/([\w-]+\/)?[\w-]+\.lua$/,
    /^jobs\/[\w-]+\.(ts|md)$/,
    /^config\/([\w-]+\.(md|png)|tsworker\.config\.ts|tsworker\.service|Procfile|docker-compose\.yml|kubernetes\.yaml|keda\.yaml|grafana-dashboard\.json)$/,
  ];
  expect(paths.filter((path) => !allowed.some((pattern) => pattern.test(path)))).toEqual([]);
  const documents = ['README.md', 'LICENSE', 'CHANGELOG.md', 'dist/licences.txt'];
  const needed = [...documents, 'bin/tsworker.js', 'dist/index.js', 'dist/index.d.ts'];
  const config = readdirSync(join(projectRoot, 'config')).map((name) => `config/${name}`);
  const missing = [...needed, ...config, 'jobs/mail.ts'].filter((path) => !paths.includes(path));
  expect(missing).toEqual([]);
  const scripts = readdirSync(join(projectRoot, 'src/resque/scripts'), { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.lua'),
  );
  expect(paths.filter((path) => path.endsWith('.lua')).sort()).toEqual(
    scripts.map((name) => `dist/resque/scripts/${name}`).sort(),
  );
});

test('runs a TypeScript job through npx in an empty folder', { timeout: 60_000 }, async () => {
  const file = join(app, 'out.txt');
  await redis.cli('SADD', 'resque:queues', 'high', 'low');
  await redis.cli('RPUSH', 'resque:queue:high', JSON.stringify({ class: 'AppendLine', args: [file, 'grüße'] }));
  await redis.cli('RPUSH', 'resque:queue:low', JSON.stringify({ class: 'Sum', args: [file, 40, 2] }));

  const worker = npx(['tsworker', '-queues=high=2,low=1', '-exit-on-complete', `-uri=${redis.uri}`]);
  expect(await worker.exit(40_000), worker.output).toEqual({ code: 0, signal: null });

  expect(readFileSync(file, 'utf8').split('\n').sort()).toEqual(['', 'high: grüße', 'low: 42']);
  expect(await assertConserved(redis.client, 2)).toMatchObject({ processed: 2, failed: 0 });
  expect(await leftoverKeys(redis.client)).toEqual([]);
});

test('starts a project that works at once', { timeout: 60_000 }, async () => {
  const cwd = writeJobs(tempDir('project'), { 'package.json': '{\n  "dependencies": { "tsworker": "*" }\n}\n' });
  symlinkSync(join(app, 'node_modules'), join(cwd, 'node_modules'));
  const env = { REDIS_URL: redis.uri };
  const init = run('npx', ['tsworker', 'init'], { cwd });
  expect(await init.exit(), init.output).toEqual({ code: 0, signal: null });
  expect(init.stdout).not.toContain('npm install');

  const tsc = run(join(projectRoot, 'node_modules/.bin/tsc'), [], { cwd });
  await redis.client.multi().flushAll().sAdd('resque:queues', 'default').exec();
  await redis.client.rPush('resque:queue:default', '{"class":"Hello","args":["Ada"]}');
  const check = run('npm', ['run', '--silent', 'worker:check'], { cwd, env });
  expect(await check.exit(), check.output).toEqual({ code: 0, signal: null });
  expect(check.stdout).toContain('✓ jobs/hello.ts: Hello\n');
  const worker = run('npm', ['run', '--silent', 'worker', '--', '-exit-on-complete'], { cwd, env });
  expect(await worker.exit(40_000), worker.output).toEqual({ code: 0, signal: null });
  expect(worker.logs.map((line) => line.msg)).toContain('hello, Ada');
  expect(await assertConserved(redis.client, 1)).toMatchObject({ processed: 1 });
  expect(await tsc.exit(40_000), tsc.output).toEqual({ code: 0, signal: null });
});

test('brings types that a job module compiles with', { timeout: 60_000 }, async () => {
  const types = join(projectRoot, 'node_modules/@types');
  const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023', '--typeRoots', types];
  const tsc = run(join(projectRoot, 'node_modules/.bin/tsc'), [...flags, '--types', 'node', 'jobs/hello.ts'], {
    cwd: app,
  });
  expect(await tsc.exit(40_000), tsc.output).toEqual({ code: 0, signal: null });
});

test('has the demo in it', { timeout: 60_000 }, async () => {
  const demo = npx(['tsworker', 'demo']);
  expect(await demo.exit(50_000), demo.output).toEqual({ code: 0, signal: null });
  expect(demo.stdout).toContain("The ledger, by Redis' own counts");
  expect(existsSync(join(app, 'node_modules/tsworker/src'))).toBe(false);
});
