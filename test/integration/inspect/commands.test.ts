/**
 * The commands that inspect and repair, in this process, on a real Redis with data of Ruby, goworker, node-resque and
 * tsworker.
 */
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { main } from '../../../src/cli/main.js';
import { machineOf } from '../../../src/registry/processes/process-fingerprint.js';
import { SMALLEST_ACL } from '../../support/acl.js';
import { writeFleet, writeMany } from '../../support/fleet.js';
import { type FakeIo, fakeIo } from '../../support/io.js';
import { prose } from '../../support/pages.js';
import { startRedis, type TestRedis } from '../../support/redis.js';
import { snapshot } from '../../support/snapshot.js';
import { until } from '../../support/until.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis({ port: true });
});
afterAll(() => redis.stop());
beforeEach(async () => {
  await redis.client.flushAll();
});

async function run(line: string, io: FakeIo = fakeIo({ cwd: '/nowhere' }), uri = redis.uri) {
  const code = await main(line.split(' '), { REDIS_URL: uri }, io);
  return { code, ...io.texts };
}

async function json<T = Record<string, unknown>>(line: string): Promise<T> {
  const { code, out, err } = await run(`${line} -json`);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return JSON.parse(out) as T;
}

async function lines<T = Record<string, unknown>>(line: string): Promise<T[]> {
  const { code, out, err } = await run(`${line} -json`);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return out === ''
    ? []
    : out
        .trimEnd()
        .split('\n')
        .map((one) => JSON.parse(one) as T);
}

/** Nothing may change where nothing shall. */
const everything = async () => JSON.stringify(await snapshot(redis.client));

/** How often each command was called, by a stretch of work. */
async function callsOf(work: () => Promise<unknown>): Promise<Record<string, number>> {
  await redis.client.configResetStat();
  await work();
  const stats = await redis.client.info('commandstats');
  return Object.fromEntries(
    [...stats.matchAll(/cmdstat_([^:]+):calls=(\d+)/g)].map(([, name, n]) => [name, Number(n)]),
  );
}

describe('quarantine', () => {
  const names = () => redis.client.lRange('resque:queue:low', 0, -1);
  const jobs = Array.from({ length: 1200 }, (_, n) => `{"class":"Bad", "args":[${n}.0]}`);
  const latin = Buffer.from([0xff, 0x00, 0x7b]);
  beforeEach(async () => {
    await redis.client.sAdd('resque:queues', 'mail');
    await redis.client.sAdd('resque:tsworker:quarantine', 'low');
    await redis.client.rPush('resque:tsworker:quarantine:low', jobs);
    await redis.client.rPush('resque:queue:low', '{"class":"Good","args":[]}');
  });

  test('is shown where something is there', async () => {
    expect((await run('queues')).out).toMatch(/QUARANTINED[\s\S]*low +1 +- +1,?200\n[\s\S]*mail +0 +- +0\n/);
    expect((await run('status')).out).toMatch(/quarantine +1,200 jobs that two processes died with, of low/);
    expect(await lines('queues')).toMatchObject([
      { name: 'low', size: 1, quarantined: 1200 },
      { name: 'mail', size: 0, quarantined: 0 },
    ]);
    expect(await json('status')).toMatchObject({ queues: [{ name: 'low', quarantined: 1200 }, { name: 'mail' }] });
    await redis.client.del('resque:tsworker:quarantine:low');
    expect((await run('queues')).out).not.toContain('QUARANTINED');
    expect((await run('status')).out).not.toContain('quarantine');
  });

  test('release puts all back to the head of the queue, byte for byte and in order', async () => {
    await redis.client.rPush('resque:tsworker:quarantine:low', latin);
    const before = await everything();
    expect((await run('queues release low --dry-run')).out).toBe(
      'would release 1,201 jobs to the head of the queue low\n',
    );
    expect(await everything()).toBe(before);
    expect(await json('queues release low')).toEqual({ queue: 'low', released: 1201, dryRun: false });
    const released = await names();
    expect(released.slice(0, 1200)).toEqual(jobs);
    expect(released.slice(1201)).toEqual(['{"class":"Good","args":[]}']);
    expect(await redis.cli('--no-raw', 'LINDEX', 'resque:queue:low', '1200')).toContain('\\xff\\x00{');
    expect(await redis.client.sMembers('resque:queues')).toContain('low');
    expect(await redis.client.exists(['resque:tsworker:quarantine', 'resque:tsworker:quarantine:low'])).toBe(0);
    expect((await run('queues release low')).out).toBe('the quarantine of the queue low is empty\n');
  });

  test('of a queue that is nowhere says so, and a queue that is no list keeps them where they are', async () => {
    expect(await run('queues release lwo')).toMatchObject({
      code: 1,
      err: expect.stringContaining('there is no queue lwo'),
    });
    await redis.client.del('resque:queue:low');
    await redis.client.set('resque:queue:low', 'text');
    expect((await run('queues release low')).code).toBe(1);
    expect(await redis.client.lRange('resque:tsworker:quarantine:low', 0, -1)).toEqual(jobs);
  });
});

describe('workers', () => {
  test('of four programs are shown alike', async () => {
    await writeFleet(redis.client);
    const all = await lines('workers');
    const by = (id: string) => all.find((one) => one.id === id);
    expect(all).toHaveLength(7);
    const since = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect(by('web1:4711:critical,low')).toMatchObject({
      host: 'web1',
      pid: 4711,
      queues: ['critical', 'low'],
      state: 'working',
      job: { queue: 'low', class: 'Archive', since, payload: { args: [35, 'tar'] } },
      heartbeatAt: since,
      startedAt: '2026-11-24T02:58:25.000Z',
      processed: 7,
      failed: 1,
    });
    expect(by('web2:99-0:high,high,low')).toMatchObject({
      slot: '0',
      queues: ['high', 'low'],
      state: 'working',
      job: { class: 'GoJob', since },
      startedAt: '2026-11-24T03:00:50.462Z',
    });
    expect(by('web3:5+1:mailers')).toMatchObject({
      slot: '1',
      state: 'working',
      job: { class: 'NodeJob', since, payload: { queue: 'mailers' } },
      heartbeatAt: since,
      startedAt: since,
      processed: 3,
    });
    expect(by('web4.ts:8-0:high,low')).toMatchObject({ state: 'working', job: { class: 'TsJob', since } });
    for (const id of ['web1:4712:*', 'web2:99-poller:high,high,low', 'web4.ts:8-1:high,low'])
      expect(by(id)).toMatchObject({ state: 'idle', job: null });
    // Rounded by JSON.parse here, exact in the text.
    expect((await run('workers -json')).out).toContain('"args":[12345678901234567890]');
    const table = (await run('workers -state=working')).out;
    expect(table).toMatch(
      /^web2:99-0 +working +1m \d+s +high +GoJob +12345678901234567890 +1m \d+s ago +0 +0 +high,low$/m,
    );
    expect(table).toMatch(/^web3:5\+1 +working +1m \d+s +mailers +NodeJob +\d+s ago +3 +0 +mailers$/m);
    expect(table).toContain('4 working workers');
  });

  test('that nobody has heard of for long are lost, and one without any heartbeat is not', async () => {
    await writeFleet(redis.client, Date.now() - 400_000);
    const states = Object.fromEntries((await lines('workers')).map(({ id, state }) => [id, state]));
    expect(states).toEqual({
      'web1:4711:critical,low': 'lost',
      'web1:4712:*': 'idle',
      'web2:99-0:high,high,low': 'working',
      'web2:99-poller:high,high,low': 'idle',
      'web3:5+1:mailers': 'lost',
      'web4.ts:8-0:high,low': 'lost',
      'web4.ts:8-1:high,low': 'lost',
    });
    expect(await lines('workers -state=lost -prune-after=500')).toEqual([]);
    expect((await run('workers -state=lost -prune-after=500')).out).toMatch(
      /^there is no lost worker in namespace resque: on/,
    );
  });

  test('of goworker that show no sign of life, and of tsworker whose process is gone, are shown as such', async () => {
    await writeFleet(redis.client, Date.now() - 400_000);
    const [own] = (machineOf(process.pid) as string).match(/.* /) ?? [];
    const now = Math.floor(Date.now() / 1000);
    await redis.client.hSet('resque:tsworker:machines', 'web4.ts:8', `${now} ${own}1`);
    await redis.client.hSet('resque:workers:heartbeat', 'web4.ts:8-0:high,low', new Date().toISOString());
    const by = Object.fromEntries((await lines('workers')).map((worker) => [worker.id, worker]));
    expect(by['web2:99-0:high,high,low']).toMatchObject({ state: 'working', liveness: 'unknown' });
    expect(by['web4.ts:8-0:high,low']).toMatchObject({ state: 'lost', liveness: 'gone' });
    expect(by['web1:4711:critical,low']).toMatchObject({ state: 'lost', liveness: 'expired' });
    expect((await run('workers')).out).toMatch(/^web2:99 +goworker: shows no sign of life +2 +1 /m);
    expect((await run('workers')).out).toMatch(/^web4\.ts:8 +lost: its process is gone +2 +0 /m);
    const { out } = await run('workers -slots');
    expect(out).toMatch(/^web2:99-0 +working .* goworker: shows no sign of life /m);
    expect(out).toMatch(/^web4.ts:8-0 +lost .* its process is gone /m);
    expect((await run('workers show web2:99-0')).out).toMatch(/^state +working; goworker: shows no sign of life$/m);
    expect((await run('status')).out).toMatch(
      /^workers +7: 1 working, 2 idle, 4 lost; 1 of goworker: shows no sign of life$/m,
    );
    expect((await run('check')).out).toMatch(/goworker: web2:99-0:high,high,low shows no sign of life/);
  });

  test('with records and ids that nobody should write', async () => {
    const records = {
      'a:1:q': 'garbage',
      'b:1:q': '{}',
      'c:1:q': '',
      'd:1:q': '{"queue":"q","payload":null}',
      me: '[1]',
    };
    for (const [id, record] of Object.entries(records)) {
      await redis.client.sAdd('resque:workers', id);
      await redis.client.hSet('resque:workers:heartbeat', id, 'garbage');
      await redis.client.set(`resque:worker:${id}`, record);
    }
    const states = (await lines('workers')).map(({ id, state }) => `${id} ${state}`);
    expect(states.sort()).toEqual(['a:1:q working', 'b:1:q idle', 'c:1:q idle', 'd:1:q working', 'me working']);
    expect((await run('workers -slots')).out).toMatch(/^a:1 +working +its record cannot be read +garbage/m);
    expect((await run('status')).code).toBe(0);
  });

  test('are one line a process, with what their records do not show', async () => {
    await writeFleet(redis.client);
    const now = Math.floor(Date.now() / 1000);
    const state = { until: now + 60, paused: false, draining: false, blockedSince: (now - 30) * 1000 };
    await redis.client.hSet('resque:tsworker:states', 'web4.ts:8', JSON.stringify(state));
    const { out } = await run('workers');
    expect(out).toMatch(/^PROCESS +STATE +SLOTS +WORKING +LONGEST +HEARTBEAT +DONE +FAILED +QUEUES\n/);
    expect(out).toMatch(/^web4\.ts:8 +blocked for (29|3\d)s: a job holds its event loop +2 +1 /m);
    expect(out).toMatch(/^web1:4711 +working +1 +1 .* 7 +1 +critical,low$/m);
    expect(out).toContain('\n7 workers in 5 processes; -slots shows each\n');
    expect((await run('status')).out).toMatch(/^workers +7: 4 working, 2 idle, 1 blocked, 0 lost$/m);
    expect(await json('status')).toMatchObject({
      workers: { total: 7, working: 4, idle: 2, blocked: 1 },
      processes: [{ process: 'web4.ts:8', slots: 2, working: 1, blockedSeconds: expect.any(Number) }],
    });
  });

  test('show: one, by its id or the beginning of it', async () => {
    await writeFleet(redis.client);
    expect((await run('workers show web2:99-0')).out).toMatch(
      /^id +web2:99-0:high,high,low\n(.*\n)+payload +\{"class":"GoJob","args":\[12345678901234567890\]\}\n$/,
    );
    expect(await json('workers show web1:4711:critical,low')).toMatchObject({ state: 'working', processed: 7 });
    expect(await run('workers show web')).toMatchObject({
      code: 1,
      err: expect.stringContaining('7 workers begin with web; give more'),
    });
    expect(await run('workers show web1:4711:critical,lwo')).toMatchObject({
      code: 1,
      err: expect.stringContaining('did you mean web1:4711:critical,low?'),
    });
  });

  test('10,000 cost a bounded number of calls, and none that walks all keys', async () => {
    await writeMany(redis.client, 10_000);
    await redis.client.sAdd('resque:queues', ['high', 'low']);
    const status = await callsOf(async () => {
      expect(await json('status')).toMatchObject({
        workers: { total: 10_000, working: 5000, idle: 5000, lost: 0 },
        queues: [{ name: 'high', workers: 10_000 }, { name: 'low' }],
      });
    });
    const list = await callsOf(async () => expect(await lines('workers')).toHaveLength(10_000));
    const sum = (calls: Record<string, number>) => Object.values(calls).reduce((total, n) => total + n, 0);
    for (const calls of [status, list]) expect(Object.keys(calls)).not.toContain('keys');
    // 10 or 11 steps of the cursor; two calls for 500 workers, and some for what else there is.
    expect(sum(status), JSON.stringify(status)).toBeLessThan(100);
    expect(sum(list), JSON.stringify(list)).toBeLessThan(200);
  });
});

describe('workers prune', () => {
  beforeEach(async () => {
    await writeFleet(redis.client, Date.now() - 400_000);
    await redis.client.sAdd('resque:workers', 'alive.ts:1-0:high');
    await redis.client.hSet('resque:workers:heartbeat', 'alive.ts:1-0:high', new Date().toISOString());
  });

  test('--dry-run tells what prune then does, and changes nothing', async () => {
    const before = await everything();
    const foreseen = await lines('workers prune --dry-run');
    expect(await everything()).toBe(before);
    const byId = (entries: Record<string, unknown>[]) =>
      entries.sort((a, b) => (String(a.worker) < String(b.worker) ? -1 : 1));
    expect(byId(foreseen)).toMatchObject([
      {
        worker: 'web1:4711:critical,low',
        death: 'expired',
        job: { queue: 'low', class: 'Archive', outcome: 'failed' },
      },
      { worker: 'web4.ts:8-0:high,low', job: { queue: 'high', class: 'TsJob', outcome: 'requeued' } },
      { worker: 'web4.ts:8-1:high,low', job: null },
    ]);
    expect(byId(await lines('workers prune'))).toEqual(foreseen);
    // node-resque's has no heartbeat of Resque's: only -force-prune takes those.
    const left = [
      'alive.ts:1-0:high',
      'web1:4712:*',
      // goworker's heartbeat says nothing.
      'web2:99-0:high,high,low',
      'web2:99-poller:high,high,low',
      'web3:5+1:mailers',
    ];
    expect((await redis.client.sMembers('resque:workers')).sort()).toEqual(left);
    expect(await redis.client.lRange('resque:queue:high', 0, -1)).toEqual(['{"class":"TsJob","args":[]}']);
    const failed = (await redis.client.lRange('resque:failed', 0, -1)).map((entry) => JSON.parse(entry).exception);
    expect(failed).toEqual(['Resque::PruneDeadWorkerDirtyExit']);
    expect(await redis.client.exists('resque:pruning_dead_workers_in_progress')).toBe(0);
  });

  test("takes the daemon's settings, and says what it did", async () => {
    const { code, out } = await run('workers prune -on-dead=fail -force-prune');
    expect(code).toBe(0);
    expect(out).toMatch(/^web4\.ts:8-0:high,low +no heartbeat for 6m \d+s +TsJob +high +failed$/m);
    expect(out).toMatch(/^web3:5\+1:mailers +it never had a heartbeat +NodeJob +mailers +failed$/m);
    expect(out).toContain('\n6 workers pruned\n');
    expect(await redis.client.lLen('resque:failed')).toBe(4);
    expect((await run('workers prune')).out).toBe('0 workers pruned\n');
  });

  test('removes what goworker leaves of a tsworker that it prunes, and recovers a job that is nowhere else', async () => {
    const left = ['left.ts:3-0:high', 'left.ts:3-1:high', 'left.ts:3-2:high'];
    const record = (n: number) =>
      `{"token":"abc-1-${n}","queue":"high","run_at":"x","payload":{"class":"Left","args":[${n}]}}`;
    for (const id of left) await redis.client.set(`resque:worker:${id}:started`, '2026-11-24 02:58:25 +0000');
    await redis.client.set(`resque:worker:${left[1]}`, record(1));
    await redis.client.set(`resque:worker:${left[2]}`, record(2));
    // As goworker writes it.
    const error = `worker ${left[1]} did not gracefully exit while processing Left`;
    await redis.client.rPush(
      'resque:failed',
      JSON.stringify({
        payload: { class: 'Left', args: [1] },
        exception: 'Error',
        error,
        worker: left[1],
        queue: 'high',
      }),
    );
    // These live, or are none of ours.
    await redis.client.set('resque:worker:live.ts:4-0:high', record(4));
    await redis.client.zAdd('resque:tsworker:processes', { score: Date.now() / 1000, value: 'live.ts:4' });
    await redis.client.set('resque:worker:goworker:5-0:high', record(5).replace('"token":"abc-1-5",', ''));

    expect((await run('check')).out).toContain(`keys are left of 3 workers that are no longer registered: left.ts:3-`);
    const before = await everything();
    const foreseen = (await lines('workers prune --dry-run')).filter(({ death }) => death === 'unregistered');
    expect(await everything()).toBe(before);
    const { out } = await run('workers prune');
    expect(out).toContain('3 workers pruned; keys of 3 unregistered workers\n');
    expect(out).toMatch(/^left.ts:3-2:high +another program unregistered it +Left +high +back to its queue$/m);
    expect(foreseen.map(({ worker, job }) => [worker, job === null]).sort()).toEqual(left.map((id, n) => [id, n < 2]));
    expect(await redis.client.keys('*left.ts*')).toEqual([]);
    expect(await redis.client.lRange('resque:queue:high', 0, -1)).toContain('{"class":"Left","args":[2]}');
    expect((await redis.client.keys('resque:worker:*:high')).sort()).toEqual([
      'resque:worker:goworker:5-0:high',
      'resque:worker:live.ts:4-0:high',
    ]);
  });

  test('after a break in which Redis took no heartbeats nobody is judged by one, but with -force-prune', async () => {
    const now = Date.now();
    await redis.client.set('resque:tsworker:beats', `${now - 60_000} ${now - 1000}`);
    for (const command of ['workers prune --dry-run', 'workers prune']) {
      const { code, out, err } = await run(command);
      expect({ code, out: out.split('\n')[0] }).toEqual({ code: 0, out: expect.stringMatching(/^0 workers/) });
      expect(err).toMatch(/^tsworker: Redis has taken no heartbeats for a while, .* for (4m 0s|3m 5\ds) more; -force/);
    }
    expect(await redis.client.sCard('resque:workers')).toBe(8);
    expect((await run('workers prune -force-prune')).out).toContain('\n6 workers pruned\n');
  });

  test('leaves it to another that prunes, and says for how long', async () => {
    await redis.client.set('resque:pruning_dead_workers_in_progress', 'web9:1:*', { EX: 60 });
    const { code, err } = await run('workers prune');
    expect(code).toBe(1);
    expect(err).toMatch(
      /^tsworker: web9:1:\* has pruned within the last heartbeat, as every running worker does in turn; try again in (1m 0s|5\ds)\n$/,
    );
    expect(await redis.client.sCard('resque:workers')).toBe(8);
    expect(await redis.client.get('resque:pruning_dead_workers_in_progress')).toBe('web9:1:*');
  });
});

describe('queues', () => {
  const RAILS = 'ActiveJob::QueueAdapters::ResqueAdapter::JobWrapper';
  beforeEach(async () => {
    const at = new Date(Date.now() - 90_000).toISOString();
    await redis.client.sAdd('resque:queues', ['low', 'mail', 'empty']);
    await redis.client.rPush('resque:queue:low', [
      '{"class":"Big","args":[12345678901234567890]}',
      'garbage',
      '{"class":"C","args":[2]}',
    ]);
    await redis.client.rPush(
      'resque:queue:mail',
      `{"class":"${RAILS}","args":[{"job_class":"Mail","arguments":[1],"enqueued_at":"${at}"}]}`,
    );
  });

  test('list', async () => {
    expect(await lines('queues')).toMatchObject([
      { name: 'empty', size: 0, headAt: null, quarantined: 0 },
      { name: 'low', size: 3, headAt: null, quarantined: 0 },
      { name: 'mail', size: 1, headAt: expect.stringMatching(/Z$/), quarantined: 0 },
    ]);
    expect((await run('queues')).out).toMatch(/^mail +1 +1m \d+s$/m);
    await redis.client.set('resque:queue:empty', 'no list');
    expect((await run('queues')).out).toMatch(/^empty +not a list +-$/m);
    await redis.client.flushAll();
    expect((await run('queues')).out).toMatch(/^no queue was ever used in namespace resque: on redis:/);
    expect(await lines('queues')).toEqual([]);
  });

  test('peek', async () => {
    const { out } = await run('queues peek low -json');
    expect(out.split('\n')).toEqual([
      '{"index":0,"class":"Big","enqueuedAt":null,"payload":{"class":"Big","args":[12345678901234567890]}}',
      expect.stringMatching(
        /^\{"index":1,"class":null,"problem":"the payload is not strict JSON .*"payload":"garbage"\}$/,
      ),
      '{"index":2,"class":"C","enqueuedAt":null,"payload":{"class":"C","args":[2]}}',
      '',
    ]);
    expect((await run('queues peek low -from=2')).out).toMatch(
      /^2 +C +2 +-\n\n1 of 3 jobs in low; -count and -from show others\n/m,
    );
    expect((await run('queues peek mail')).out).toMatch(/^0 +Mail +1 +1m \d+s$/m);
    expect((await run('queues peek empty')).out).toBe('the queue empty is empty\n');
    expect((await run('queues peek low -from=7')).out).toBe('the queue low has 3 jobs: none at 7 or behind it\n');
    expect(await run('queues peek loow')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/did you mean low\?\n$/),
    });
  });

  test('peek names what the worker would refuse, with the bytes as they are', async () => {
    const invalid = Buffer.from('{"class":"E","args":["\xff"]}', 'latin1');
    const payloads = ['{"class":"E","args":{"a":1}}', '{"class":"E","args":"s"}', invalid];
    await redis.client.sendCommand(['RPUSH', 'resque:queue:g', ...payloads]);
    expect(await lines('queues peek g')).toEqual([
      expect.objectContaining({ class: 'E', problem: "the payload's args are an object, not an array" }),
      expect.objectContaining({ class: 'E', problem: "the payload's args are a string, not an array" }),
      expect.objectContaining({ problem: 'the payload is not valid UTF-8', payloadBase64: invalid.toString('base64') }),
    ]);
    expect((await run('queues peek g')).out).toMatch(/^0 +no job: the payload's args are an object/m);
  });

  test('a name that is no UTF-8 is shown in a form that can be typed: listed, looked into, removed', async () => {
    const name = Buffer.from('caf\xe9', 'latin1');
    await redis.client.sendCommand(['SADD', 'resque:queues', name]);
    const key = Buffer.concat([Buffer.from('resque:queue:'), name]);
    await redis.client.sendCommand(['RPUSH', key, '{"class":"C","args":[1]}']);
    expect(await lines('queues')).toContainEqual(
      expect.objectContaining({ name: 'caf\\xe9', size: 1, quarantined: 0 }),
    );
    expect((await run('queues peek caf\\xe9')).out).toContain('1 of 1 job in caf\\xe9');
    expect(await run('queues remove caf\\xe9 --yes')).toMatchObject({ code: 0 });
    expect(await redis.client.sendCommand(['EXISTS', key])).toBe(0);
    expect(await redis.client.sendCommand(['SISMEMBER', 'resque:queues', name])).toBe(0);
  });

  test('peek reads a long queue page by page, in order', async () => {
    const payloads = Array.from({ length: 5000 }, (_, n) => `{"class":"C","args":[${n}]}`);
    await redis.client.rPush('resque:queue:long', payloads);
    const calls = await callsOf(async () => {
      const seen = await lines<{ index: number; payload: { args: number[] } }>(
        'queues peek long -from=100 -count=4000',
      );
      expect(seen.map(({ index }) => index)).toEqual(Array.from({ length: 4000 }, (_, n) => n + 100));
      expect(seen.every(({ index, payload }) => payload.args[0] === index)).toBe(true);
    });
    expect(calls.lrange).toBeLessThan(8);
  });

  test('remove asks, says how many go, and takes the queue with its name', async () => {
    expect(await run('queues remove low')).toMatchObject({ code: 2, err: expect.stringContaining('--yes') });
    const io = fakeIo({ cwd: '/nowhere', terminal: true, interactive: true });
    io.input.end('n\n');
    expect(await run('queues remove low', io)).toMatchObject({
      code: 1,
      err: expect.stringContaining('nothing was removed'),
    });
    expect(io.texts.err).toContain('remove the queue low with 3 jobs from namespace resque: on redis:');
    expect(await redis.client.lLen('resque:queue:low')).toBe(3);
    expect((await run('queues remove low --yes')).out).toBe('removed the queue low; 3 jobs went with it\n');
    expect(await json('queues remove empty --yes')).toEqual({ queue: 'empty', removed: 0 });
    expect((await redis.client.keys('*')).sort()).toEqual(['resque:queue:mail', 'resque:queues']);
    expect(await redis.client.sMembers('resque:queues')).toEqual(['mail']);
    expect((await run('queues remove low --yes')).code).toBe(1);
  });
});

describe('status', () => {
  test('of everything', async () => {
    await writeFleet(redis.client);
    await redis.client.rPush('resque:queue:low', ['{"class":"A","args":[]}', '{"class":"A","args":[]}']);
    const later = String(Math.floor(Date.now() / 1000) + 100);
    await redis.client.zAdd('resque:delayed_queue_schedule', { score: Number(later), value: later });
    await redis.client.rPush(`resque:delayed:${later}`, ['{}', '{}']);
    const entry = (name: string, error: string) =>
      JSON.stringify({
        failed_at: '2026/11/24 02:58:25 UTC',
        payload: { class: name, args: [] },
        exception: 'E',
        error,
      });
    await redis.client.rPush('resque:failed', [
      entry('A', 'first 1'),
      entry('A', 'first 2'),
      entry('A', 'first 3\n\tgoroutine 1'),
      '',
      'x',
      entry('B', 'b'),
    ]);
    expect(await json('status -show=2')).toMatchObject({
      namespace: 'resque:',
      paused: false,
      processed: 12_345,
      failed: 12,
      queues: [
        { name: 'critical', size: 0, workers: 2 },
        { name: 'high', size: 0, workers: 4 },
        { name: 'low', size: 2, headAgeSeconds: null, workers: 5 },
        { name: 'mailers', workers: 2 },
      ],
      delayed: { times: 1, jobs: 2 },
      workers: { total: 7, working: 4, idle: 3, lost: 0 },
      hosts: [{ host: 'web1', workers: 2, working: 1 }, { host: 'web2' }, { host: 'web3' }, { host: 'web4.ts' }],
      running: [{ forSeconds: expect.any(Number) }, { class: expect.any(String) }],
      failures: {
        total: 6,
        looked: 6,
        groups: [
          { class: 'A', count: 3, exception: 'E', error: 'first 3\n\tgoroutine 1', last: '2026-11-24T02:58:25.000Z' },
          { class: '', count: 2 },
          { class: 'B', count: 1 },
        ],
      },
    });
    expect(await json('status -failures=2')).toMatchObject({ failures: { total: 6, looked: 2 } });
    expect(await json('status -failures=0')).toMatchObject({ failures: { total: 6, looked: 0, groups: [] } });
  });

  test('-watch says that Redis does not answer, and goes on when it does again; q ends it at any time', async () => {
    const own = await startRedis();
    onTestFinished(async () => {
      own.resume();
      await own.stop();
    });
    const io = fakeIo({ cwd: '/nowhere', terminal: true });
    const watching = run('status -watch -every=0.05', io, own.uri);
    await until(() => io.texts.out.includes('processed ('), { what: 'it shows rates' });
    own.pause();
    await until(() => io.texts.out.includes('does not answer'), { what: 'it says that Redis is away' });
    own.resume();
    const seen = io.texts.out.length;
    await until(() => io.texts.out.slice(seen).includes('processed ('), { what: 'it shows rates again' });
    own.pause();
    io.input.write('q');
    expect((await watching).code).toBe(0);
  }, 40_000);

  test('-watch -json prints lines with rates until nobody reads', async () => {
    const io = fakeIo({ cwd: '/nowhere' });
    const printed: string[] = [];
    io.print = async (text: string) => {
      await redis.client.incrBy('resque:stat:processed', 10);
      return printed.push(text) < 3;
    };
    expect((await run('status -watch -json -every=0.05', io)).code).toBe(0);
    const [first, ...others] = printed.map((line) => JSON.parse(line) as Record<string, number>);
    expect(first).not.toHaveProperty('processedPerSecond');
    for (const line of others) expect(line.processedPerSecond).toBeGreaterThan(0);
    expect(others).toHaveLength(2);
    expect(await run('status -watch')).toMatchObject({ code: 2, err: expect.stringContaining('-json') });
  });
});

test('pause and resume set the key of Resque, and say what is in force', async () => {
  expect((await run('pause')).out).toMatch(
    /^namespace resque: on .* is paused now: Ruby and tsworker workers take no new jobs/,
  );
  expect(await redis.client.get('resque:pause-all-workers')).toBe('true');
  expect((await run('pause')).out).toContain('was paused already');
  expect((await run('status')).out).toContain('paused   YES');
  expect((await run('resume')).out).toMatch(/ is no longer paused: the workers take jobs\n$/);
  expect(await redis.client.exists('resque:pause-all-workers')).toBe(0);
  expect((await run('resume')).out).toMatch(/ was not paused: the workers take jobs\n$/);
  expect(await json('pause')).toEqual({ paused: true, before: false, ignoredBy: [] });
  expect(await json('resume')).toEqual({ paused: false, before: true });
});

test('a pause names the workers that do not look at it: goworker and node-resque', async () => {
  await writeFleet(redis.client);
  await redis.client.sAdd('resque:workers', ['here:7-0:q', 'here:7-1:q', 'web9:1-0:q', 'web9:2-0:q']);
  // As every tsworker process is, whatever its label.
  await redis.client.zAdd('resque:tsworker:processes', { score: 1, value: 'here:7' });
  const { code, err } = await run('pause');
  expect({ code, err }).toEqual({
    code: 0,
    err: 'tsworker: warning: goworker web2:99, node-resque web3:5+1, goworker web9:1 and 1 more ignore the pause and take jobs\n',
  });
  expect((await run('status')).out).toContain(
    'paused   YES: Ruby and tsworker workers take no new jobs; tsworker resume ends it. goworker web2:99, node-resque web3:5+1,',
  );
  const ignoring = [
    { program: 'goworker', process: 'web2:99' },
    { program: 'node-resque', process: 'web3:5+1' },
    { program: 'goworker', process: 'web9:1' },
    { program: 'goworker', process: 'web9:2' },
  ];
  expect(await json('status')).toMatchObject({ paused: true, pauseIgnoredBy: ignoring });
  expect((await run('resume')).err).toBe('');
});

describe('a Redis', () => {
  test('that is away is told of in one line, and not tried again', async () => {
    let tried = 0;
    const away = createServer((socket) => {
      tried++;
      socket.destroy();
    });
    await new Promise<void>((resolve) => away.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void away.close());
    const { port } = away.address() as AddressInfo;
    for (const at of [`127.0.0.1:${port}`, '127.0.0.1:1']) {
      const { code, err } = await run('status', undefined, `redis://${at}/`);
      expect({ code, err }).toEqual({
        code: 1,
        err: expect.stringMatching(`^tsworker: Redis at redis://${at}/ cannot be reached: .*\n$`),
      });
    }
    expect(tried).toBe(1);
  });

  test('needs no more permissions than the documentation says', async () => {
    const login = async (name: string, ...acl: string[]) => {
      await redis.client.sendCommand(['ACL', 'SETUSER', name, 'on', '>pw', '~resque:*', ...acl]);
      return redis.uri.replace('redis://', `redis://${name}:pw@`);
    };
    await writeFleet(redis.client, Date.now() - 400_000);
    await redis.client.rPush('resque:queue:low', '{"class":"C","args":[]}');
    const IGNORED = expect.stringContaining('ignore the pause');
    const [look, mend] = [
      await login('look', '+ping', '+time', '+@read'),
      await login('mend', ...SMALLEST_ACL, '+@read', '+multi', '+exec'),
    ];
    for (const line of [
      'status',
      'queues',
      'queues peek low',
      'workers',
      'workers show web1:4711',
      'workers prune --dry-run',
    ])
      expect(await run(line, undefined, look), line).toMatchObject({ code: 0, err: '' });
    for (const line of ['workers prune', 'pause', 'resume', 'queues remove low --yes'])
      expect(await run(line, undefined, mend), line).toMatchObject({ code: 0, err: line === 'pause' ? IGNORED : '' });
    expect(prose('bin/README.md')).toContain(
      'To inspect, an ACL user needs `+ping +time +@read`; to repair, what the [worker](../config/README.md#acl) needs and `+@read +multi +exec`.',
    );
  });

  test('that refuses, or holds what Resque does not write', async () => {
    await redis.client.sendCommand(['ACL', 'SETUSER', 'ops', 'on', '>s3cret', '~resque:*', '+@connection']);
    const uri = redis.uri.replace('redis://', 'redis://ops:s3cret@');
    const { code, err } = await run('pause', undefined, uri);
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringMatching(
        /^tsworker: Redis at redis:.*\*\*\*@.* answered with an error: NOPERM .*; check the ACL of the user\n$/,
      ),
    });
    await redis.client.set('resque:workers', 'no set');
    expect(await run('workers')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/answered with an error: WRONGTYPE .*; a key of this namespace/),
    });
  });
});

describe('whatever stands in Redis', () => {
  const ODD = 'a\u001b]0;owned\u0007\u009b31m\u202e';
  const RAW = /[^\P{Cc}\n]|\p{Bidi_Control}/u;

  test('no line and no JSON holds what a terminal would obey', async () => {
    await redis.client.sAdd('resque:workers', [`${ODD}:1-0:${ODD}`, `${ODD}:1-1:q`]);
    await redis.client.set(
      `resque:worker:${ODD}:1-1:q`,
      JSON.stringify({ queue: ODD, payload: { class: ODD, args: [ODD] } }),
    );
    await redis.client.sAdd('resque:queues', [ODD, 'low']);
    await redis.client.rPush('resque:queue:low', [ODD, JSON.stringify({ class: ODD, args: [ODD] })]);
    await redis.client.rPush('resque:failed', [
      ODD,
      JSON.stringify({ queue: ODD, payload: { class: ODD, args: [ODD] }, error: ODD }),
    ]);
    await redis.client.set('resque:pause-all-workers', ODD);
    for (const line of [
      'status',
      'workers',
      'workers show a',
      'queues',
      'queues peek low',
      'failed',
      'failed count',
      'failed show 1',
      'failed retry 0',
      'failed retry --all',
    ])
      for (const json of ['', ' -json']) {
        const { out, err } = await run(`${line}${json}`);
        expect(out + err, line + json).not.toMatch(RAW);
        if (!line.includes('retry')) expect(out + err, line + json).toContain('owned');
      }
    expect((await lines('queues')).map(({ name }) => name)).toContain(ODD);
  });

  test('a megabyte of class, argument or message is shown in its beginning', async () => {
    const huge = 'x'.repeat(1_000_000);
    const payload = JSON.stringify({ class: huge, args: [huge] });
    await redis.client.sAdd('resque:queues', 'low');
    await redis.client.rPush('resque:queue:low', [payload, '{"class":"A","args":[]}']);
    await redis.client.rPush('resque:failed', `{"queue":"low","payload":${payload},"exception":"E","error":"${huge}"}`);
    await redis.client.sAdd('resque:workers', 'h:1-0:low');
    await redis.client.set('resque:worker:h:1-0:low', `{"queue":"low","payload":${payload}}`);
    for (const line of ['status', 'workers', 'queues peek low', 'failed', 'failed count', 'failed retry 0 --dry-run'])
      expect((await run(line)).out.length, line).toBeLessThan(40_000);
  });
});
