/** `tsworker failed` and `tsworker enqueue`, in this process, over a real Redis. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { main } from '../../../src/cli/main.js';
import { SMALLEST_ACL } from '../../support/acl.js';
import { writeJobs } from '../../support/cli.js';
import { entryText, idsIn, keys, payloadText, pushFailed } from '../../support/failed.js';
import { type FakeIo, fakeIo } from '../../support/io.js';
import { prose } from '../../support/pages.js';
import { startProxy } from '../../support/proxy.js';
import { tempDir } from '../../support/reaper.js';
import { startRedis, type TestRedis } from '../../support/redis.js';

let redis: TestRedis;
const cwd = tempDir('failed');

beforeAll(async () => {
  redis = await startRedis({ port: true });
});
beforeEach(() => redis.client.flushAll());
afterAll(() => redis?.stop());

async function run(argv: readonly string[], io: FakeIo = fakeIo({ cwd })) {
  const code = await main(argv, { REDIS_URL: redis.uri }, io);
  return { code, ...io.texts };
}

/** Input that ends. */
function typed(text: string, given: Parameters<typeof fakeIo>[0] = {}): FakeIo {
  const io = fakeIo({ cwd, ...given });
  io.input.end(text);
  return io;
}

const failed = (line: string, io?: FakeIo) => run(['failed', ...line.split(' ')], io);
const left = async () => idsIn(await redis.client.lRange(keys.failed, 0, -1));
const queued = async (queue = 'mail') => idsIn(await redis.client.lRange(keys.queue(queue), 0, -1));

/** 0 and 2 are Mail, 1 is Charge, 3 has no queue; the oldest first. */
async function fill(): Promise<void> {
  const at = (hours: number) => ({ failed_at: new Date(Date.now() - hours * 3_600_000).toISOString() });
  await pushFailed(redis.client, [
    entryText(0, at(30)),
    entryText(1, { ...at(3), payload: { class: 'Charge', args: [1] }, queue: 'billing', error: 'card\n  declined' }),
    entryText(2, at(1)),
    entryText(3, { ...at(0), queue: null }),
  ]);
}

describe('failed list', () => {
  test('shows the newest first, and what is asked for', async () => {
    await fill();
    const { code, out } = await run(['failed']);
    expect(code).toBe(0);
    const rows = out.split('\n').map((line) => line.split(/ {2,}/).map((cell) => cell.trim()));
    expect(rows[0]).toEqual(['N', 'ID', 'AGO', 'QUEUE', 'CLASS', 'ERROR']);
    expect(rows[3]).toEqual([
      '1',
      expect.stringMatching(/^[0-9a-f]{7}$/),
      '3h 0m',
      'billing',
      'Charge',
      'TypeError: card',
    ]);
    expect(out).toContain('4 of 4 failed jobs, the newest first');
    expect((await failed('list -count=1 -from=2')).out).toContain(
      '1 of 4 failed jobs, the newest first; -from=1 shows older ones',
    );
    const n = async (line: string) =>
      (await failed(`list -json ${line}`)).out
        .split('\n')
        .filter(Boolean)
        .map((text) => (JSON.parse(text) as { n: number }).n);
    expect(await n('-count=2')).toEqual([3, 2]);
    expect(await n('-from=1')).toEqual([1, 0]);
    expect(await n('-class=Charge,X')).toEqual([1]);
    expect(await n('-queue=mail -since=2h')).toEqual([2]);
    expect(await n('-before=2h')).toEqual([1, 0]);
    expect(await n('-error=DECLINED')).toEqual([1]);
    expect(await n('-error=/boom.[23]/')).toEqual([3, 2]);
  });

  test('says so where there is nothing, and where nothing matches', async () => {
    expect(await run(['failed'])).toMatchObject({
      code: 0,
      out: `no failed jobs in namespace resque: on ${redis.uri}\n`,
    });
    await fill();
    expect((await failed('list -class=X')).out).toMatch(/^none of class X; 4 failed jobs in namespace/);
  });

  test('gives machines all of it, exact and also where it is odd', async () => {
    const payload = '{"class":"A","args":[12345678901234567890,1.0]}';
    await pushFailed(redis.client, [
      'garbage \u001b[31m',
      `{"payload":${payload},"queue":"q","failed_at":"2026/11/24 02:58:25 UTC"}`,
    ]);
    const [newest, oldest] = (await failed('list -json')).out.trimEnd().split('\n');
    expect(newest).toContain(`"failedAt":"2026-11-24T02:58:25.000Z","class":"A","kind":"`);
    expect(newest).toContain(`"payload":${payload}`);
    expect(JSON.parse(oldest)).toMatchObject({ n: 0, unreadable: 'it is no JSON object', text: 'garbage \u001b[31m' });
    expect((await run(['failed'])).out).not.toContain('\u001b');
  });
});

test('failed count groups what fails alike', async () => {
  await fill();
  const { out } = await failed('count -json');
  expect(
    out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object),
  ).toMatchObject([
    { queue: 'mail', class: 'Mail', exception: 'TypeError', count: 2, n: 2, error: 'boom 2' },
    { queue: '', class: 'Mail', count: 1, n: 3 },
    { queue: 'billing', class: 'Charge', count: 1, n: 1 },
  ]);
  expect((await failed('count -class=Mail')).out).toMatch(/\n\n3 failed jobs of class Mail\n$/);
});

describe('failures that differ in their message', () => {
  const MESSAGES = [
    (id: number) => `connect ECONNREFUSED 10.0.0.${id % 250}:5432`,
    (id: number) => `order ${id} is locked by user 'u-${id}'`,
    () => 'out of range',
  ];
  const at = (hours: number) => ({ failed_at: new Date(Date.UTC(2026, 10, 24, hours, 5)).toISOString() });
  beforeEach(async () => {
    const one = (id: number) =>
      entryText(id, { exception: 'Error', error: MESSAGES[id % 3](id), queue: id % 2 ? 'low' : 'mail', ...at(id % 4) });
    await pushFailed(
      redis.client,
      Array.from({ length: 24 }, (_, id) => one(id)),
    );
  });
  const groups = async (line: string) =>
    (await failed(`count -json${line}`)).out
      .trimEnd()
      .split('\n')
      .map((text) => JSON.parse(text) as Record<string, unknown>);

  test('are counted apart, whatever ids, numbers and addresses they hold', async () => {
    const all = await groups('');
    expect(all).toHaveLength(6);
    expect(all.map(({ count }) => count)).toEqual([4, 4, 4, 4, 4, 4]);
    const { kind } = all.find(({ error }) => error === 'out of range') ?? {};
    expect(kind).toMatch(/^[0-9a-f]{12}$/);
    expect((await failed(`show 23 -json`)).out).toContain(`"kind": "${kind}"`);
    expect((await failed('count')).out).toContain(`${kind}  Error: out of range`);
    expect((await failed(`list -kind=${kind}`)).out).toContain('8 of kind');
    expect((await run(['status', '-json'])).out.match(/"kind": /g)).toHaveLength(6);
  });

  test('are counted by what is asked for', async () => {
    expect(await groups(' -by=error')).toMatchObject([{ exception: 'Error', count: 8 }, { count: 8 }, { count: 8 }]);
    expect(await groups(' -by=queue')).toMatchObject([
      { queue: 'low', count: 12, n: 23 },
      { queue: 'mail', count: 12, n: 22 },
    ]);
    expect(await groups(' -by=class')).toMatchObject([{ class: 'Mail', count: 24 }]);
    expect(await groups(' -by=hour')).toMatchObject(
      [3, 2, 1, 0].map((hour) => ({ hour: `2026-11-24T0${hour}:00:00.000Z`, count: 6 })),
    );
    expect((await failed('count -by=hour')).out).toMatch(/^JOBS +HOUR .*\n +6 +2026-11-24 03:00 UTC /);
    expect((await failed('count -by=queue')).out).toMatch(/^JOBS +QUEUE +FIRST +LAST +NEWEST +ERROR\n/);
    expect(await failed('count -by=colour')).toMatchObject({ code: 2 });
  });

  test('are retried, or removed, by kind', async () => {
    const [{ kind, count }] = await groups(' -by=kind');
    expect((await failed(`retry -kind=${kind} -json`)).out).toContain(`"retried": ${2 * Number(count)}`);
    expect(await failed(`remove -kind=${kind} --yes`)).toMatchObject({ code: 0 });
  });
});

test('kinds without end are counted, and take bounded memory', async () => {
  const words = (id: number) =>
    [...id.toString(26)].map((digit) => String.fromCharCode(103 + Number.parseInt(digit, 26))).join('');
  const entries = Array.from({ length: 10_050 }, (_, id) => entryText(id, { error: `no user ${words(id)}` }));
  await pushFailed(redis.client, entries);
  const counted = (await failed('count -json')).out
    .trimEnd()
    .split('\n')
    .map((text) => JSON.parse(text) as { count: number; error: string });
  expect(counted).toHaveLength(10_001);
  expect(counted[0]).toMatchObject({ count: 50, error: '(other kinds of failures)' });
});

test('failed show tells all of one, and finds it by its id', async () => {
  await fill();
  const { code, out } = await failed('show 1');
  expect(code).toBe(0);
  for (const line of [
    'class      Charge',
    'queue      billing',
    'arguments  1',
    'error\n  card\n    declined',
    '  mail.rb:4:in perform',
  ])
    expect(out).toContain(line);
  const id = /id +([0-9a-f]{40})/.exec(out)?.[1] ?? '';
  await redis.client.lPop(keys.failed);
  expect((await failed(`show 1@${id.slice(0, 7)} -json`)).out).toContain(`"n": 0,\n  "id": "${id}"`);
  expect((await failed(`show ${id.slice(0, 7)} -json`)).out).toContain(`"n": 0,\n  "id": "${id}"`);
  expect(await failed('show 0000000')).toMatchObject({ code: 0 });
  expect(await failed('show abcdef0')).toMatchObject({
    code: 1,
    err: expect.stringContaining('there is no entry abcdef0 among 3 failed jobs'),
  });
  expect((await failed('show 2')).out).toContain('retry      not possible: it names no queue');
  expect(await failed('show 7')).toMatchObject({
    code: 1,
    err: expect.stringContaining('there is no entry 7 among 3 failed jobs'),
  });
});

describe('failed retry', () => {
  test('takes those that are named, says what it left, and goes on', async () => {
    await fill();
    const dry = await failed('retry 0-1 3 8 --dry-run');
    expect(dry.out).toContain('2 of 3 failed jobs would be retried');
    expect(await left()).toEqual([0, 1, 2, 3]);
    const { code, out, err } = await failed('retry 0-1 3 8-9');
    expect({ code, err }).toEqual({
      code: 1,
      err: 'tsworker: there is no entry 8-9\ntsworker: entry 3 is left: it names no queue\n',
    });
    expect(out).toMatch(/2 of 3 failed jobs retried\n$/);
    expect([await left(), await queued(), await queued('billing')]).toEqual([[2, 3], [0], [1]]);
    expect(await redis.client.lRange(keys.queue('billing'), 0, -1)).toEqual([payloadText(1, 'Charge')]);
  });

  test('takes the ids that list shows', async () => {
    await fill();
    const ids = (await failed('list -json')).out
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { id: string }).id);
    expect((await failed(`retry ${ids[1].slice(0, 7)} ${ids[3]} 1`)).code).toBe(0);
    expect([await left(), await queued(), await queued('billing')]).toEqual([[3], [0, 2], [1]]);
    expect(await failed(`retry ${ids[1].slice(0, 7)}`)).toMatchObject({
      code: 1,
      err: `tsworker: there is no entry ${ids[1].slice(0, 7)}\n`,
    });
    expect((await failed(`remove ${ids[0].slice(0, 8)} --yes`)).code).toBe(0);
    expect(await left()).toEqual([]);
  });

  test('puts all into the queue that is named, also what names none', async () => {
    await fill();
    const { code, out } = await failed('retry --all -to=slow');
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('4 failed jobs retried') });
    expect(await redis.client.lRange(keys.queue('slow'), 0, -1)).toEqual([
      payloadText(0),
      payloadText(1, 'Charge'),
      payloadText(2),
      payloadText(3),
    ]);
    expect(await redis.client.sMembers(keys.queues)).toEqual(['slow']);
    expect(await failed('retry 0 -to=a,b')).toMatchObject({ code: 2, err: expect.stringContaining('one queue') });
  });

  test.each(['--all', '0-99'])('%s goes on at the rate that is asked for, until it is interrupted', async (which) => {
    await pushFailed(
      redis.client,
      Array.from({ length: 100 }, (_, id) => entryText(id)),
    );
    const before = process.listenerCount('SIGINT');
    const retrying = failed(`retry ${which} -rate=20 -json`);
    // Two at a time: never more of them than that rate allows.
    await expect.poll(async () => (await queued()).length, { interval: 5, timeout: 10_000 }).toBeGreaterThan(2);
    for (const listener of process.listeners('SIGINT').slice(before)) (listener as () => void)();
    const { code, out } = await retrying;
    const { retried, interrupted } = JSON.parse(out) as { retried: number; interrupted: boolean };
    expect({ code, interrupted }).toEqual({ code: 130, interrupted: true });
    expect(retried % 2).toBe(0);
    expect(retried).toBeLessThan(100);
    expect([...(await queued()), ...(await left())]).toEqual([...Array(100).keys()]);
    expect(await queued()).toHaveLength(retried);
  });

  test('takes all that match, and what Resque has retried only where that is meant', async () => {
    await fill();
    await pushFailed(redis.client, [entryText(4, { retried_at: '2026/11/24 03:00:00' })]);
    const { code, out, err } = await failed('retry -class=Mail -json');
    expect({ code, err }).toEqual({ code: 1, err: '' });
    expect(JSON.parse(out)).toEqual({
      ...{ retried: 2, dryRun: false, interrupted: false, missing: 0 },
      jobs: [{ class: 'Mail', queue: 'mail', jobs: 2 }],
      left: [
        // Where they stand now: whoever looks at them next types this N.
        { why: 'it names no queue', jobs: 1, entries: [1] },
        { why: 'Resque has retried it already (it has a retried_at)', jobs: 1, entries: [2] },
      ],
    });
    expect([await left(), await queued()]).toEqual([
      [1, 3, 4],
      [0, 2],
    ]);
    expect(await failed('retry -retried')).toMatchObject({
      code: 0,
      out: expect.stringContaining('1 of 3 failed jobs retried'),
    });
    expect((await failed('retry --all')).code).toBe(1);
    expect([await left(), await queued()]).toEqual([[3], [0, 2, 4]]);
  });
});

test('a retry whose connection is lost says what is certain', async () => {
  await pushFailed(
    redis.client,
    Array.from({ length: 300 }, (_, id) => entryText(id)),
  );
  const proxy = await startProxy(redis);
  onTestFinished(() => proxy.close());
  const io = fakeIo({ cwd });
  const retrying = main(['failed', 'retry', '--all'], { REDIS_URL: proxy.uri }, io);
  await proxy.loseReply('EVAL');
  expect(await retrying).toBe(1);
  expect(io.texts).toEqual({
    out: '',
    err: expect.stringMatching(
      /^tsworker: 0 jobs retried; of the last step, all or nothing .*\ntsworker: the connection to Redis at .* was lost/,
    ),
  });
  expect([...(await queued()), ...(await left())]).toEqual([...Array(300).keys()]);
});

describe('failed remove and clear', () => {
  test('ask on a terminal, and need --yes elsewhere', async () => {
    await fill();
    expect(await failed('clear')).toMatchObject({ code: 2, err: expect.stringContaining('pass --yes') });
    expect(await failed('remove -class=Mail')).toMatchObject({ code: 2 });
    const answered = (answer: string) => typed(answer, { interactive: true });
    const no = await failed('remove -class=Mail', answered('\n'));
    expect(no).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^remove 3 failed jobs of class Mail from .*\? \[y\/N\] nothing was removed\n$/),
    });
    expect(await left()).toEqual([0, 1, 2, 3]);
    expect(await failed('remove -class=Mail', answered('y\n'))).toMatchObject({
      code: 0,
      out: expect.stringContaining('3 of 4 failed jobs removed'),
    });
    expect(await failed('clear --yes')).toMatchObject({
      code: 0,
      out: expect.stringContaining('1 failed job removed'),
    });
    expect(await redis.client.keys('*')).toEqual([]);
  });

  test('remove nothing that failed while somebody was asked', async () => {
    await fill();
    const io = fakeIo({ cwd, interactive: true });
    const clearing = failed('clear', io);
    await expect.poll(() => io.texts.err).toContain('remove 4 failed jobs');
    await pushFailed(redis.client, [entryText(9)]);
    io.input.end('yes\n');
    expect((await clearing).code).toBe(0);
    expect(await left()).toEqual([9]);
  });

  test('remove asks before it takes N too, and needs --yes where nobody can be asked', async () => {
    await fill();
    expect(await failed('remove 0 1')).toMatchObject({ code: 2, err: expect.stringContaining('--yes') });
    const declined = await failed('remove 0 1', typed('n\n', { interactive: true }));
    expect(declined).toMatchObject({ code: 1, err: expect.stringMatching(/^remove 2 failed jobs from .*nothing was/) });
    expect(await left()).toEqual([0, 1, 2, 3]);
    expect((await failed('remove 1,3 --yes')).code).toBe(0);
    expect([await left(), await queued()]).toEqual([[0, 2], []]);
    expect(await failed('remove 7')).toMatchObject({ code: 1, err: expect.stringContaining('no entry 7') });
  });
});

test.each([
  ['failed retry', /say which jobs to retry/],
  ['failed remove', /say which jobs to remove/],
  ['failed retry 1 --all', /either N or --all/],
  ['failed retry 1 -class=X', /either N or filters/],
  ['failed retry one', /expected N \(3\), a range \(7-9\) or an id \(1f2e3d4\)/],
  ['failed show 1-2', /takes one entry/],
  ['failed list --yes', /failed list takes no flag -yes/],
  ['failed list -since=soon', /^tsworker: -since: must be so long ago/],
  ['enqueue', /missing class; tsworker enqueue Hello/],
  ['enqueue Hello', /missing -queue: which queue should Hello go to\?; give -queue=name/],
  ['enqueue -file=none.ndjson', /-file: must be a file that can be read/],
])('%s is refused', async (line, message) => {
  expect(await run(line.split(' '))).toMatchObject({ code: 2, out: '', err: expect.stringMatching(message) });
});

describe('enqueue', () => {
  test('pushes one job as it is typed, and says where nobody works', async () => {
    const one = await run(['enqueue', 'Hello', 'Ada', '1.0', '12345678901234567890', '-queue=greetings', '--', '-x']);
    expect(one).toEqual({
      code: 0,
      out: '1 job enqueued in greetings\n',
      err: 'tsworker: warning: no worker is processing queue "greetings" (no workers are running)\n',
    });
    expect(await redis.client.lRange(keys.queue('greetings'), 0, -1)).toEqual([
      '{"class":"Hello","args":["Ada",1.0,12345678901234567890,"-x"]}',
    ]);
    await redis.client.sAdd(keys.workers, ['web1:4711:greet*', 'web1:4712:low']);
    await redis.client.set(keys.pause, 'true');
    const worked = await run(['enqueue', 'Hello', '-queue=greetings']);
    expect(worked).toMatchObject({
      code: 0,
      err: 'tsworker: warning: a pause is in force: Ruby and tsworker workers take no new jobs; tsworker resume ends it\n',
    });
    const idle = await run(['enqueue', 'Hello', '-queue=high']);
    expect(idle.err).toContain('no worker is processing queue "high" (2 workers on other queues)');
  });

  test('pushes a file, or standard input, up to the batch with a bad line', async () => {
    const lines = Array.from({ length: 2500 }, (_, id) => `{"class":"Mail","args":[${id}]}`);
    const bad = join(cwd, 'bad.ndjson');
    writeFileSync(bad, [...lines.slice(0, 2100), '{"class":5}', ...lines.slice(2100)].join('\n'));
    expect(await run(['enqueue', '-file=bad.ndjson', '-queue=mail', '--dry-run'])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^tsworker: line 2101: the job's class is a number, not a string; [^;]*$/),
    });
    expect(await queued()).toEqual([]);
    expect(await run(['enqueue', '-file=bad.ndjson', '-queue=mail'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('2,000 jobs before it enqueued; fix the line and run again from line 2001'),
    });
    expect(await queued()).toEqual([...Array(2000).keys()]);
    const rest = lines.slice(2000).map((line) => `${line}\n`);
    const piped = await run(['enqueue', '-file=-', '-queue=mail', '-json'], typed(rest.join('')));
    expect(JSON.parse(piped.out)).toEqual({
      enqueued: 500,
      kept: 0,
      queues: { mail: 500 },
      seconds: expect.any(Number),
      dryRun: false,
    });
    expect(await queued()).toEqual([...Array(2500).keys()]);
  });
});

test('enqueue -unique keeps out what is the same, in a file too; a line that bears a lock takes it', async () => {
  const kept = 'not enqueued: the same job waits or runs already (tsworker locks shows its lock)\n';
  const out = async (line: string) => (await run(line.split(' '))).out;
  expect(await out('enqueue Sync 7 -queue=mail -unique=1h -expires-in=2h')).toBe('1 job enqueued in mail\n');
  expect(await out('enqueue Sync 7 -queue=mail -unique=1h')).toBe(kept);
  expect(await out('enqueue Sync 7 -queue=mail -unique=1h -in=10m')).toBe(kept);
  expect(JSON.parse(await out('enqueue Sync 7 -queue=mail -unique=1h -json'))).toMatchObject({ enqueued: 0, kept: 1 });
  const [payload = ''] = await redis.client.lRange(keys.queue('mail'), 0, -1);
  expect(payload).toMatch(/"tsworker":\{"unique":\{"key":"Sync:.*\},"expires_at":\d+\}\}$/);
  const file = [payload, '{"class":"Sync","args":[8]}', '{"class":"Sync","args":[8],"tsworker":{}}', ''].join('\n');
  writeFileSync(join(cwd, 'jobs.ndjson'), file);
  expect(await out('enqueue -file=jobs.ndjson -queue=mail -unique=1h')).toMatch(
    /^1 job enqueued in mail; 2 not, since the same job waits or runs already; /,
  );
  await redis.client.flushAll();
  expect(await out('enqueue -file=jobs.ndjson -queue=mail')).toMatch(/^3 jobs enqueued in mail; /);
  expect(await redis.client.keys('resque:tsworker:unique:*')).toHaveLength(1);
});

test('enqueue uses the queue that a typed job declares, where nobody names another', async () => {
  const project = writeJobs(tempDir('typed'), {
    'jobs/a.ts':
      "import { job, register } from 'tsworker';\nexport const hi = job({ class: 'Hi', queue: 'greetings', perform() {} });\nexport const one = job({ class: 'One', queue: 'low', unique: { onConflict: 'error' }, perform() {} });\nregister(job({ class: 'Registered', queue: 'low', perform() {} }));\nexport const Plain = () => {};\n",
    'jobs/broken.ts': 'throw new Error();',
  });
  const queues = async (line: string) => {
    const { code, out, err } = await run(line.split(' '), fakeIo({ cwd: project }));
    return code === 0 ? out : err;
  };
  expect(await queues('enqueue Hi Ada')).toBe('1 job enqueued in greetings\n');
  expect(await queues('enqueue One')).toBe('1 job enqueued in low\n');
  expect(await queues('enqueue One')).toMatch(
    /^tsworker: nothing was enqueued: another job holds the lock One:[0-9a-f]{40}; /,
  );
  expect(await queues('enqueue Registered')).toBe('1 job enqueued in low\n');
  expect(await queues('enqueue Hi Ada -queue=other')).toBe('1 job enqueued in other\n');
  expect(await queues('enqueue Plain')).toMatch(/^tsworker: missing -queue: which queue should Plain go to\?/);
  expect(await queues('enqueue Hi -jobs=jobs/broken.ts')).toMatch(/^tsworker: missing -queue/);
});

test('enqueue reads a pipe that has a name, and no folder', async () => {
  const pipe = join(cwd, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const writing = writeFile(pipe, '{"class":"Mail","args":[1]}\n{"class":"Mail","args":[2]}\n');
  expect(await run(['enqueue', `-file=${pipe}`, '-queue=mail'])).toMatchObject({ code: 0 });
  await writing;
  expect(await queued()).toEqual([1, 2]);
  expect((await run(['enqueue', `-file=${cwd}`])).err).toMatch(/is not a file\n$/);
});

test('the permissions that the documentation names are enough', async () => {
  await fill();
  const rights = ['reset', 'on', '>pw', '~resque:*', ...SMALLEST_ACL, '+@read', '+lset', '+lrem'];
  await redis.client.sendCommand(['ACL', 'SETUSER', 'mend', ...rights]);
  const uri = redis.uri.replace('redis://', 'redis://mend:pw@');
  for (const line of [
    'failed list',
    'failed count',
    'failed show 0',
    'failed retry 0 2',
    'failed remove 0 --yes',
    'enqueue Hello -queue=mail',
    'failed clear --yes',
  ]) {
    const io = fakeIo({ cwd });
    expect(await main(line.split(' '), { REDIS_URL: uri }, io), `${line}: ${io.texts.err}`).toBe(0);
  }
  expect(await queued()).toEqual([0, 2, Number.NaN]);
  expect(prose('bin/README.md')).toContain(
    'An ACL user needs what the [worker](../config/README.md#acl) needs, and `+@read +lset +lrem`.',
  );
});
