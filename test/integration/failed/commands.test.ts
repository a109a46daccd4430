/** `tsworker failed` and `tsworker enqueue`, in this process, over a real Redis. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { main } from '../../../src/cli/main.js';
import { SMALLEST_ACL } from '../../support/acl.js';
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
  it('shows the newest first, and what is asked for', async () => {
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

  it('says so where there is nothing, and where nothing matches', async () => {
    expect(await run(['failed'])).toMatchObject({
      code: 0,
      out: `no failed jobs in namespace resque: on ${redis.uri}\n`,
    });
    await fill();
    expect((await failed('list -class=X')).out).toMatch(/^none of class X; 4 failed jobs in namespace/);
  });

  it('gives machines all of it, exact and also where it is odd', async () => {
    const payload = '{"class":"A","args":[12345678901234567890,1.0]}';
    await pushFailed(redis.client, [
      'garbage \u001b[31m',
      `{"payload":${payload},"queue":"q","failed_at":"2026/11/24 02:58:25 UTC"}`,
    ]);
    const [newest, oldest] = (await failed('list -json')).out.trimEnd().split('\n');
    expect(newest).toContain(`"failedAt":"2026-11-24T02:58:25.000Z","class":"A","queue":"q"`);
    expect(newest).toContain(`"payload":${payload}`);
    expect(JSON.parse(oldest)).toMatchObject({ n: 0, unreadable: 'it is no JSON object', text: 'garbage \u001b[31m' });
    expect((await run(['failed'])).out).not.toContain('\u001b');
  });
});

it('failed count groups what fails alike', async () => {
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

it('failed show tells all of one, and finds it by its id', async () => {
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
  expect((await failed('show 2')).out).toContain('retry      not possible: it names no queue');
  expect(await failed('show 7')).toMatchObject({
    code: 1,
    err: expect.stringContaining('there is no entry 7 among 3 failed jobs'),
  });
});

describe('failed retry', () => {
  it('takes those that are named, says what it left, and goes on', async () => {
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

  it('takes all that match, and what Resque has retried only where that is meant', async () => {
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

it('a retry whose connection is lost says what is certain', async () => {
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
  it('ask on a terminal, and need --yes elsewhere', async () => {
    await fill();
    expect(await failed('clear')).toMatchObject({ code: 2, err: expect.stringContaining('add --yes') });
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

  it('remove nothing that failed while somebody was asked', async () => {
    await fill();
    const io = fakeIo({ cwd, interactive: true });
    const clearing = failed('clear', io);
    await expect.poll(() => io.texts.err).toContain('remove 4 failed jobs');
    await pushFailed(redis.client, [entryText(9)]);
    io.input.end('yes\n');
    expect((await clearing).code).toBe(0);
    expect(await left()).toEqual([9]);
  });

  it('remove takes N without asking', async () => {
    await fill();
    expect((await failed('remove 1,3')).code).toBe(0);
    expect([await left(), await queued()]).toEqual([[0, 2], []]);
  });
});

it.each([
  ['failed retry', /say which jobs to retry/],
  ['failed remove', /say which jobs to remove/],
  ['failed retry 1 --all', /either N or --all/],
  ['failed retry 1 -class=X', /either N or filters/],
  ['failed retry one', /N must be 3, 7-9 or 3@1f2e3d4/],
  ['failed show 1-2', /takes one N/],
  ['failed list --yes', /failed list takes no flag -yes/],
  ['failed list -since=soon', /^tsworker: -since: must be so long ago/],
  ['enqueue', /say which class to enqueue/],
  ['enqueue Hello', /say in which queue Hello belongs/],
  ['enqueue -file=none.ndjson', /-file: must be a file that can be read/],
])('%s is refused', async (line, message) => {
  expect(await run(line.split(' '))).toMatchObject({ code: 2, out: '', err: expect.stringMatching(message) });
});

describe('enqueue', () => {
  it('pushes one job as it is typed, and says where nobody works', async () => {
    const one = await run(['enqueue', 'Hello', 'Ada', '1.0', '12345678901234567890', '-queue=greetings', '--', '-x']);
    expect(one).toEqual({
      code: 0,
      out: '1 job enqueued in greetings\n',
      err: 'tsworker: no worker works the queue greetings now: there is none at all\n',
    });
    expect(await redis.client.lRange(keys.queue('greetings'), 0, -1)).toEqual([
      '{"class":"Hello","args":["Ada",1.0,12345678901234567890,"-x"]}',
    ]);
    await redis.client.sAdd(keys.workers, ['web1:4711:greet*', 'web1:4712:low']);
    await redis.client.set(keys.pause, 'true');
    const worked = await run(['enqueue', 'Hello', '-queue=greetings']);
    expect(worked).toMatchObject({
      code: 0,
      err: 'tsworker: all workers are paused; tsworker resume lets them go on\n',
    });
    const idle = await run(['enqueue', 'Hello', '-queue=high']);
    expect(idle.err).toContain('no worker works the queue high now: 2 work others');
  });

  it('pushes a file, or standard input, up to the batch with a bad line', async () => {
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
      err: expect.stringContaining('2,000 jobs before it enqueued; mend it, and go on with line 2001'),
    });
    expect(await queued()).toEqual([...Array(2000).keys()]);
    const rest = lines.slice(2000).map((line) => `${line}\n`);
    const piped = await run(['enqueue', '-file=-', '-queue=mail', '-json'], typed(rest.join('')));
    expect(JSON.parse(piped.out)).toEqual({
      enqueued: 500,
      queues: { mail: 500 },
      seconds: expect.any(Number),
      dryRun: false,
    });
    expect(await queued()).toEqual([...Array(2500).keys()]);
  });
});

it('the permissions that the documentation names are enough', async () => {
  await fill();
  const rights = ['reset', 'on', '>pw', '~resque:*', ...SMALLEST_ACL, '+@read', '+lset', '+lrem'];
  await redis.client.sendCommand(['ACL', 'SETUSER', 'mend', ...rights]);
  const uri = redis.uri.replace('redis://', 'redis://mend:pw@');
  for (const line of [
    'failed list',
    'failed count',
    'failed show 0',
    'failed retry 0 2',
    'failed remove 0',
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
