/** `tsworker check`: its findings and exit codes; it changes nothing. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Finding, Section } from '../../src/check/finding.js';
import { type CliRun, runCli, writeJobs } from '../support/cli.js';
import { tempDir } from '../support/reaper.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { until } from '../support/until.js';

let redis: TestRedis;
let jobs: string;
beforeAll(async () => {
  redis = await startRedis();
  jobs = writeJobs(tempDir('jobs'), {
    'mail.ts': 'export async function Mail(queue: string): Promise<void> {}\nexport const helper = 1;',
    'deep/pay.mjs': `import { appendFileSync } from 'node:fs';
      export const Pay = () => {};
      export const setup = () => { throw new Error('a check sets nothing up'); };`,
  });
});
afterAll(() => redis.stop());
beforeEach(async () => {
  await redis.client.flushAll();
});

interface Report {
  readonly ok: boolean;
  readonly warnings: number;
  readonly bad: number;
  readonly sections: readonly Section[];
}

const start = (...flags: string[]): CliRun => runCli(['check', `-uri=${redis.uri}`, `-jobs=${jobs}`, ...flags]);

async function reportOf(run: CliRun): Promise<Report> {
  const { code } = await run.exit();
  const report = JSON.parse(run.stdout) as Report;
  expect({ code, stderr: run.stderr }).toEqual({ code: report.bad === 0 ? 0 : 1, stderr: '' });
  return report;
}

/** What was found, without what is well: `! the text`, and the hint below its text. */
const troubles = ({ sections }: Report): Finding[] =>
  sections.flatMap(({ findings }) => findings).filter(({ level }) => level !== 'good');
const textsOf = (report: Report) => troubles(report).map(({ level, text }) => `${level}: ${text}`);
const about = (report: Report, name: string) =>
  report.sections.find((section) => section.name === name)?.findings.map(({ level, text }) => `${level}: ${text}`) ??
  [];

const push = (queue: string, ...payloads: string[]) =>
  redis.client.multi().sAdd('resque:queues', queue).rPush(`resque:queue:${queue}`, payloads).exec();

/** Everything in Redis, byte for byte. */
async function everything(): Promise<string> {
  const keys = (await redis.client.keys('*')).sort();
  const dumps = await Promise.all(keys.map((key) => redis.cli('DUMP', key)));
  return JSON.stringify([keys, dumps]);
}

test('a sound set-up: green lines, exit code 0, and Redis as it was', async () => {
  await push('high', '{"class":"Mail","args":[]}', '{"class":"Pay","args":[1]}');
  const before = await everything();
  const run = start('-queues=high', '-grace=20');
  expect((await run.exit()).code, run.output).toBe(0);
  const lines = run.stdout.split('\n');
  expect(lines).toContain('  ✓ the settings are valid: queues high in strict order (-queues)');
  expect(lines.some((line) => /^ {2}✓ .*mail\.ts: Mail$/.test(line))).toBe(true);
  expect(lines.some((line) => /^ {2}✓ .*pay\.mjs: Pay$/.test(line))).toBe(true);
  expect(lines).toContain('  ✓ the queue high contains 2 jobs of Mail, Pay');
  expect(run.stdout).toMatch(/✓ unix:.* answers: redis \d+\.\d+\.\d+\n/);
  expect(run.stdout).toMatch(/✓ a round trip takes \d+\.\d\d ms \(median of 21; at best \d+\.\d\d\)\n/);
  expect(run.stdout).toContain('✓ the clocks of this machine and of Redis agree\n');
  // The test's server keeps nothing.
  expect(run.stdout.match(/^ {2}[!✗] .*/gm)).toEqual(['  ! Redis keeps jobs in memory only: a restart loses them all']);
  expect(run.stdout).toMatch(/\nno problem, 1 warning\n$/);
  expect(await everything()).toBe(before);
  await until(async () => !String(await redis.client.sendCommand(['CLIENT', 'LIST'])).includes(':check'));
});

test('settings that are wrong, and a file that does not load: red, and nothing else is looked at', async () => {
  const wrong = await reportOf(start('-queues=a', '-prune-after=1', '--json'));
  expect(wrong.sections.map(({ name }) => name)).toEqual(['Settings']);
  expect(textsOf(wrong)).toEqual(['bad: -prune-after (1 s) must be more than -heartbeat (60 s)']);
  expect(troubles(wrong)[0].hint).toContain('a living worker is taken for dead');
  const cwd = writeJobs(tempDir('cwd'), { 'tsworker.config.mjs': 'throw new Error("no luck");' });
  const broken = await reportOf(runCli(['check', '--json'], { cwd }));
  expect(textsOf(broken)[0]).toMatch(/^bad: .*tsworker\.config\.mjs.*no luck/);
});

test('job modules: each that does not load by its file, the others by their classes; missing flags', async () => {
  const dir = writeJobs(tempDir('jobs'), {
    'a.mjs': 'export const A = 1;\nthrow new Error("no luck");',
    'b.mjs': "import 'not-there';",
    'c.mjs': 'export const C = () => {};\nexport const Config = 1;',
    'd.mjs': 'export const C = () => {};',
  });
  const report = await reportOf(runCli(['check', `-uri=${redis.uri}`, `-jobs=${dir}`, '-queues=q', '--json']));
  const lines = about(report, 'Job modules');
  expect(lines).toHaveLength(5);
  for (const pattern of [
    /^good: .*c\.mjs: C$/,
    /^bad: .*a\.mjs does not load: no luck/,
    /^bad: .*b\.mjs does not load: .*not-there/,
    /^bad: the class C is registered in .*c\.mjs and in .*d\.mjs$/,
    /^warning: .*c\.mjs: the export Config is not a function, so it registers no job$/,
  ])
    expect(lines.filter((line) => pattern.test(line))).toHaveLength(1);
  const flagged = writeJobs(tempDir('jobs'), {
    'j.mjs': "export const J = () => {};\nexport const flags = { region: { type: 'string', demandOption: true } };",
  });
  const args = ['check', `-uri=${redis.uri}`, `-jobs=${flagged}`, '-queues=q', '--json'];
  const [missing, given] = await Promise.all([
    reportOf(runCli(args)),
    reportOf(runCli(args, { env: { TSWORKER_REGION: 'eu' } })),
  ]);
  expect(about(missing, 'Job modules')).toContain('bad: missing -region, which the job modules demand');
  expect(given.ok).toBe(true);
});

test('Redis: away, one that evicts, one that is a replica, a user who may too little', async () => {
  await redis.client.sendCommand(['CONFIG', 'SET', 'maxmemory', '50mb', 'maxmemory-policy', 'allkeys-lru']);
  await redis.client.sendCommand(['CONFIG', 'SET', 'save', '3600 1']);
  const keys = ['~resque:*', '&*', '+@all'];
  await redis.client.sendCommand(['ACL', 'SETUSER', 'poor', 'on', '>x', ...keys, '-info', '-client|tracking', '-zadd']);
  await redis.client.sendCommand(['ACL', 'SETUSER', 'blind', 'on', '>x', ...keys, '-llen', '-hmget']);
  try {
    const user = (name: string) => [
      'check',
      `-uri=${redis.uri.replace('unix://', `unix://${name}:x@`)}`,
      `-jobs=${jobs}`,
    ];
    const [away, evicting, poor, blind] = await Promise.all([
      reportOf(start('-uri=redis://127.0.0.1:1/', '-queues=q', '--json')),
      reportOf(start('-queues=q', '-wait-replicas=1', '--json')),
      reportOf(runCli([...user('poor'), '-queues=q', '--json'])),
      reportOf(runCli([...user('blind'), '-queues=q', '--json'])),
    ]);
    expect(about(away, 'Redis')).toEqual([
      expect.stringMatching(/^bad: Redis at redis:\/\/127\.0\.0\.1:1\/ cannot be reached/),
    ]);
    expect(textsOf(evicting)).toContain('bad: Redis evicts jobs when 50 MB are full (maxmemory-policy allkeys-lru)');
    expect(textsOf(evicting)).toContain('bad: -wait-replicas=1, and Redis has 0 replicas: no job would start');
    expect(textsOf(evicting)).toContain(
      'warning: only snapshots are saved (save 3600 1): a crash of Redis loses the jobs since the last one',
    );
    const poorly = textsOf(poor).join('\n');
    expect(poorly).toMatch(/bad: Redis at unix:.* rejected the connection: our user may not run zadd/);
    expect(poorly).toMatch(
      /warning: Redis does not announce new jobs \(CLIENT TRACKING: NOPERM .*polls, up to every 5 s/,
    );
    expect(poorly).toMatch(/warning: eviction and persistence could not be checked: our user may not run INFO/);
    expect(about(blind, 'Queues')).toEqual(['warning: the queues could not be checked: our user may not run llen']);
    await redis.client.sendCommand(['REPLICAOF', '127.0.0.1', '1']);
    const replica = await reportOf(start('-queues=q', '--json'));
    expect(textsOf(replica)).toContain('bad: it is a replica and accepts no writes');
  } finally {
    await redis.client.sendCommand(['REPLICAOF', 'NO', 'ONE']);
    await redis.client.sendCommand(['ACL', 'DELUSER', 'poor', 'blind']);
    await redis.client.sendCommand(['CONFIG', 'SET', 'maxmemory', '0', 'maxmemory-policy', 'noeviction', 'save', '']);
  }
});

test('queues and workers: paused, missing, of unknown classes, garbage, worked by nobody; the dead', async () => {
  await push('mails', '{"class":"Mail","args":[]}');
  // The unknown one is neither among the first nor among the last hundred, and then it is the last.
  await push('mixed', ...Array.from({ length: 250 }, (_, i) => `{"class":"${i === 249 ? 'Gone' : 'Mail'}"}`), 'what');
  await push('lonely', ...Array<string>(3333).fill('{"class":"Mail"}'));
  await push('ruby', '{"class":"Mail"}');
  await push('empty', '{"class":"Mail"}');
  await redis.client.lPop('resque:queue:empty');
  await redis.client.set('resque:pause-all-workers', 'true');
  const now = new Date().toISOString();
  await redis.client.sAdd('resque:workers', ['web1:1:ruby', 'web1:2:*.x', 'dead:3:high']);
  await redis.client.hSet('resque:workers:heartbeat', {
    'web1:1:ruby': now,
    'web1:2:*.x': now,
    'dead:3:high': '2020-01-01T00:00:00Z',
  });
  const before = await everything();
  const report = await reportOf(start('-queues=mail,mixed,empty', '--json'));
  expect(about(report, 'Queues')).toEqual([
    'warning: a pause is in force (pause-all-workers): Ruby and tsworker workers take no new jobs',
    'warning: the queue mail does not exist yet',
    'bad: the queue mixed contains jobs of Gone, which no job module registers: they would fail here',
    'warning: the queue mixed contains entries that are not jobs: they would go to the failed list',
    'warning: no worker processes the queue lonely, and this one would not: 3,333 jobs wait there',
    'warning: no worker processes the queue mails, and this one would not: 1 job waits there',
  ]);
  expect(troubles(report).find(({ text }) => text.includes('does not exist'))?.hint).toContain('did you mean mails');
  expect(troubles(report).find(({ text }) => text.includes('Gone'))?.hint).not.toContain('did you mean');
  expect(about(report, 'Workers')).toEqual([
    'good: 2 workers are registered and alive',
    'warning: 1 dead worker is still registered: dead:3:high',
  ]);
  expect(await everything()).toBe(before);
});

test('no queues are set: red; a wrong flag: exit code 2', async () => {
  const [none, wrong] = [start('--json'), start('-queues=q', '-no-such')];
  expect(textsOf(await reportOf(none))[0]).toBe('bad: no queues are set: the worker would not start');
  expect((await wrong.exit()).code).toBe(2);
  expect(wrong.stderr).toContain('unknown flag -no-such');
});
