/** The package as a library, from the built dist, in its own process: the counterpart of goworker's package. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { type CliRun, projectRoot, run } from '../support/cli.js';
import { assertConserved, countJobs, leftoverKeys } from '../support/conservation.js';
import { tempDir } from '../support/reaper.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { until } from '../support/until.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  await redis.client.flushAll();
});

const INDEX = join(projectRoot, 'dist/index.js');

/** Runs a program that imports the library. */
function program(body: string): CliRun {
  const file = join(tempDir('program'), 'main.mjs');
  const names = 'work, enqueue, register, registerDecoder, job, signals, init, close, namespace, setSettings';
  writeFileSync(file, `import { ${names} } from ${JSON.stringify(INDEX)};\nconst uri = process.env.URI;\n${body}`);
  return run(process.execPath, [file], { env: { URI: redis.uri, CLIENT: import.meta.resolve('@redis/client') } });
}

const push = (payload: string) =>
  redis.client.multi().sAdd('resque:queues', 'q').rPush('resque:queue:q', payload).exec();

test('a producer: one job or many, in order, and close() lets it end', async () => {
  const producer = program(`
    setSettings({ uri, namespace: 'my:' });
    await init();
    await enqueue({ queue: 'a', class: 'One', args: [1n << 63n] });
    await enqueue([{ queue: 'b', class: 'Two' }, { queue: 'a', class: 'Three', args: ['é', null] }]);
    console.log(namespace());
    await close();
  `);
  expect(await producer.exit()).toEqual({ code: 0, signal: null });
  expect(producer.stdout).toBe('my:\n');
  expect(await redis.client.lRange('my:queue:a', 0, -1)).toEqual([
    '{"class":"One","args":[9223372036854775808]}',
    '{"class":"Three","args":["é",null]}',
  ]);
  expect(await redis.client.lRange('my:queue:b', 0, -1)).toEqual(['{"class":"Two","args":[]}']);
  expect((await redis.client.sMembers('my:queues')).sort()).toEqual(['a', 'b']);
});

test('work() with goworker’s settings: functions, decoder, exit on complete', async () => {
  await push('Say|hello|12');
  const worker = program(`
    registerDecoder((payload) => { const [name, ...args] = payload.split('|'); return { class: name, args }; });
    register('Say', async (queue, ...args) => { console.log('said', queue, args.join()); });
    const result = await work({ uri, queues: { q: 1 }, interval: 60, concurrency: 2, exitOnComplete: true, logLevel: 'silent' });
    console.log(JSON.stringify(result));
  `);
  expect((await worker.exit()).code).toBe(0);
  expect(worker.stdout).toBe('said q hello,12\n{"exitCode":0,"processed":1,"failed":0,"requeued":0}\n');
  expect(await leftoverKeys(redis.client)).toEqual([]);
});

test('large integers: exact by default, JSON.parse on request', async () => {
  for (const useNumber of [true, false]) {
    await push('{"class":"Show","args":[12345678901234567890,{"a":[9007199254740993]},1.5]}');
    const worker = program(`
      register('Show', (queue, a, b, c) => console.log(typeof a, String(a), typeof b.a[0], c));
      await work({ uri, queues: ['q'], exitOnComplete: true, logLevel: 'silent', useNumber: ${useNumber} });
    `);
    expect((await worker.exit()).code).toBe(0);
    expect(worker.stdout).toBe(
      useNumber ? 'bigint 12345678901234567890 bigint 1.5\n' : 'number 12345678901234567000 number 1.5\n',
    );
  }
});

test('an AbortSignal stops it, signals() fires, and the process goes on', async () => {
  const worker = program(`
    const controller = new AbortController();
    register('Stop', async () => { controller.abort(); await new Promise((resolve) => setTimeout(resolve, 50)); });
    signals().addEventListener('abort', () => console.log('stopping'));
    const { exitCode, processed } = await work({ uri, queues: 'q', interval: 3600, signal: controller.signal, logLevel: 'silent' });
    console.log('over', exitCode, processed);
    const again = await work({ signal: AbortSignal.timeout(100) });
    console.log('again', again.exitCode);
  `);
  await push('{"class":"Stop","args":[]}');
  expect((await worker.exit()).code).toBe(0);
  expect(worker.stdout).toBe('stopping\nover 0 1\nagain 0\n');
});

test('a ready client is used and not closed', async () => {
  const worker = program(
    `
    const { createClient } = await import(process.env.CLIENT);
    const redis = createClient({ url: uri });
    await redis.connect();
    register('Hello', () => console.log('hello'));
    setSettings({ redis, uri: 'redis://127.0.0.1:1/' });
    await enqueue({ queue: 'q', class: 'Hello' });
    await work({ queues: 'q', exitOnComplete: true, logFormat: 'json' });
    console.log(await redis.ping());
    await close();
    await redis.close();
  `.replace("await enqueue({ queue: 'q', class: 'Hello' }).catch((error) => console.log(error.code));", ''),
  );
  expect((await worker.exit()).code).toBe(0);
  expect(worker.stdout.replace(/^\{.*\n/gm, '')).toBe('hello\nPONG\n');
  // Not the address in the settings, which is not used.
  expect(worker.logs.find(({ msg }) => msg === 'tsworker started')?.redis).toBe('the client in the settings');
});

test('enqueue() does not wait for ever for a frozen Redis, says whether anything was sent, and works again later', async () => {
  const own = await startRedis();
  onTestFinished(async () => {
    own.resume();
    await own.stop();
  });
  const producer = program(`
    setSettings({ uri: '${own.uri}', enqueueTimeout: 0.3 });
    const tell = (error) => console.log(error.code, error.message.replace(/unix:\\S*sock\\/?/, 'URI'));
    const hello = { queue: 'q', class: 'Hello' };
    const freeze = (frozen) => process.kill(${own.pid}, frozen ? 'SIGSTOP' : 'SIGCONT');
    freeze(true);
    await enqueue(hello).catch(tell);
    freeze(false);
    await enqueue(hello);
    freeze(true);
    await Promise.all([enqueue(hello).catch(tell), enqueue([hello, hello]).catch(tell)]);
    const until = async (condition) => {
      while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
    };
    await until(() => enqueue(hello).catch((error) => /nothing was enqueued/.test(error.message) && (tell(error), true)));
    freeze(false);
    await until(() => enqueue(hello).then(() => true, () => false));
    await close();
  `);
  expect((await producer.exit()).code).toBe(0);
  expect(producer.stdout.trimEnd().split('\n')).toEqual([
    'REDIS Redis at URI accepts connections but does not answer',
    'REDIS Redis at URI accepts connections but does not answer: the job may or may not have been enqueued',
    'REDIS Redis at URI accepts connections but does not answer: the 2 jobs may or may not have been enqueued',
    'REDIS not connected to Redis at URI: nothing was enqueued',
  ]);
});

test('TSWORKER_ENQUEUE_TIMEOUT counts in a program, and is checked', async () => {
  const wrong = program(`
    process.env.TSWORKER_ENQUEUE_TIMEOUT = '0';
    await enqueue({ queue: 'q', class: 'Hello' }).catch((error) => console.log(error.message));
  `);
  expect((await wrong.exit()).code).toBe(0);
  expect(wrong.stdout).toMatch(/^TSWORKER_ENQUEUE_TIMEOUT: must be a number of seconds, more than 0,.* not "0"\n$/);
});

test('job(): typed, checked, enqueued and run', async () => {
  const worker = program(`
    setSettings({ uri, queues: 'q', exitOnComplete: true, logLevel: 'silent' });
    const schema = { '~standard': { version: 1, vendor: 'test', validate: (value) =>
      typeof value[0] === 'number' ? { value } : { issues: [{ message: 'expected a number', path: [0] }] } } };
    const square = job({ class: 'Square', queue: 'q', args: schema, perform(n) { console.log(this.class, n * n); } });
    register(square);
    await square.enqueue(7);
    await square.enqueue('x').catch((error) => console.log(error.name, error.message));
    await close();
    await work();
  `);
  await worker.exit();
  expect(worker.stdout).toContain('ArgumentsError');
  expect(worker.stdout).toContain('Square 49');
});

test('called wrongly it says so: no queue, an unknown key, a value out of range', async () => {
  const wrong = program(`
    const show = (error) => console.log(error.code, error.message);
    await work({ uri }).catch(show);
    await work({ uri, queue: 'q' }).catch(show);
    await work({ uri, queues: 'q', interval: 0 }).catch(show);
  `);
  expect((await wrong.exit()).code).toBe(0);
  const lines = wrong.stdout.trimEnd().split('\n');
  expect(lines[0]).toMatch(/^USAGE you must specify at least one queue/);
  expect(lines[1]).toMatch(/^USAGE unknown key "queue"/);
  expect(lines[2]).toMatch(/^USAGE .*interval/);
});

test('TERM stops a program that works, and its own handlers stay', async () => {
  const worker = program(`
    process.on('SIGTERM', () => console.log('own handler'));
    register('X', () => {});
    const { exitCode } = await work({ uri, queues: 'q' });
    process.exitCode = exitCode;
    console.log('after');
  `);
  await worker.waitForLog('tsworker started');
  await until(async () => (await countJobs(redis.client)).orphaned === 0);
  worker.signal('SIGTERM');
  expect((await worker.exit()).code).toBe(0);
  expect(worker.stdout).toContain('own handler');
  expect(worker.stdout).toContain('after');
  await assertConserved(redis.client, 0);
});

test('what cannot be meant is refused, and nothing is pushed', async () => {
  const main = program(`
    const tell = (error) => console.log(error.code, error.message);
    setSettings({ uri });
    await enqueue([{ queue: 'q', class: 'A' }, { queue: 'q', class: 'B', delay: 5 }]).catch(tell);
    await work({ queues: ['q'], logLevel: 'silent' }).catch(tell);
    await work({ queues: ['q'], concurency: 3 }).catch(tell);
    try { setSettings({ wait: 1 }); } catch (error) { tell(error); }
    await close();
  `);
  expect((await main.exit()).code, main.output).toBe(0);
  expect(main.stdout.trimEnd().split('\n')).toEqual([
    'USAGE enqueue of B: a job has no "delay"',
    'JOBS no job is registered: every job would fail',
    'USAGE unknown key "concurency" in the settings',
    'USAGE unknown key "wait" in the settings',
  ]);
  expect(await redis.client.keys('*')).toEqual([]);
});
