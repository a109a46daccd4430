/** One child: real processes that send messages, are silent, send invalid messages, or cannot be started. */
import { type ChildProcess, fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Child } from '../../../src/supervisor/child-process.js';
import { VERSION } from '../../../src/version.js';
import { reaped, tempDir } from '../../support/reaper.js';
import { until } from '../../support/until.js';

/** @param life a body that is given `tell`, and `order`, which resolves with the next order */
function start(life: string) {
  const file = join(tempDir('child'), 'child.mjs');
  writeFileSync(
    file,
    `let secret; const orders = []; let wake;
    const version = ${JSON.stringify(VERSION)};
    process.on('message', (message) => { secret ??= message.tsworker; orders.push(message.body); wake?.(); });
    const order = async () => {
      while (orders.length === 0) await new Promise((resolve) => { wake = resolve; });
      return orders.shift();
    };
    const tell = (body, more = {}) => new Promise((resolve) =>
      process.send({ tsworker: secret, version, body, ...more }, resolve));
    await order();
    ${life}
    process.disconnect();`,
  );
  return watch(() => reaped(fork(file, { serialization: 'advanced', silent: true })));
}

function watch(startProcess: () => ChildProcess) {
  const told: unknown[] = [];
  const child = new Child(startProcess, {
    onReady: (_child, { classes }) => void told.push(['ready', ...classes]),
    onPulse: (_child, { running }) => void told.push(['pulse', running]),
    onCounts: () => void told.push(['counts']),
  });
  onTestFinished(() => child.kill('killed'));
  child.send({ kind: 'start', settings: {} as never, flags: {} });
  return { child, told };
}

const READY = "await tell({ kind: 'ready', classes: ['A'], tracking: true, limitMs: 5 });";
const ENDED = "{ kind: 'ended', exitCode: 0, processed: 3, failed: 1, requeued: 0 }";

test('what it says is known: that it works, how many jobs run, its last word', async () => {
  const { child, told } = start(
    `${READY} await tell({ kind: 'pulse', rssMb: 1, running: 2, more: true }); await tell(${ENDED});`,
  );
  expect(await child.ready).toBe(true);
  expect(await child.gone).toEqual({ code: 0, signal: null });
  expect(told).toEqual([
    ['ready', 'A'],
    ['pulse', 2],
  ]);
  expect(child).toMatchObject({ working: true, limitMs: 5, running: 2, pulsing: true });
  expect(child.ending).toMatchObject({ kind: 'ended', processed: 3 });
});

test('one that dies has no last word, and was not ready if it never said so', async () => {
  const { child } = start("process.kill(process.pid, 'SIGKILL'); await new Promise(() => {});");
  expect(await child.ready).toBe(false);
  expect(await child.gone).toEqual({ code: null, signal: 'SIGKILL' });
  expect(child.ending).toBeUndefined();
  expect(child.over.signal.aborted).toBe(true);
});

test('what is not ours changes nothing', async () => {
  const lies = [
    'process.send(null)',
    `process.send(${ENDED})`,
    `process.send({ tsworker: 'guessed', version, body: ${ENDED} })`,
    "tell({ kind: 'ended', exitCode: 0 })",
    "tell({ kind: 'pulse', rssMb: -1, running: 0, more: true })",
    'tell(null)',
  ];
  const { child, told } = start(`${READY} ${lies.join(';')}; process.kill(process.pid, 'SIGKILL');
    await new Promise(() => {});`);
  await child.gone;
  expect(child.ending).toBeUndefined();
  expect(told).toEqual([['ready', 'A']]);
});

test('one of another version is refused with both named, and ended', async () => {
  const { child, told } = start("await tell({ anything: 1 }, { version: '99.0.0' }); await new Promise(() => {});");
  expect(await child.gone).toEqual({ code: null, signal: 'SIGKILL' });
  expect(told).toEqual([]);
  expect(child.ending).toMatchObject({
    kind: 'refused',
    code: 'STATE',
    message: expect.stringMatching(new RegExp(`99\\.0\\.0.*${VERSION.replaceAll('.', '\\.')}`)),
  });
});

test('a second stop says nothing: it would be one that waits for no job', async () => {
  const { child } = start(`${READY} const kinds = [(await order()).kind, (await order()).kind];
    await tell({ kind: 'refused', code: 'JOBS', message: kinds.join(), hint: undefined });`);
  child.stop('once');
  child.stop('twice');
  child.retire('it is replaced');
  await child.gone;
  expect(child.ending).toMatchObject({ message: 'stop,retire' });
});

test('why we killed it is remembered from the first time', async () => {
  const { child } = start(`${READY} await new Promise(() => {});`);
  await child.ready;
  child.kill('blocked');
  child.kill('killed');
  await child.gone;
  expect(child.killedFor).toBe('blocked');
});

test('a process that cannot be started is a death, told with its reason', async () => {
  const { child } = watch(() => fork('none.mjs', { execPath: '/nowhere/node' }));
  const { error, ...death } = await child.gone;
  expect(death).toEqual({ code: null, signal: null });
  expect(error).toMatchObject({ code: 'ENOENT' });
  expect(await child.ready).toBe(false);
  expect(child.pid).toBeUndefined();
  // Nobody hears that; nothing throws either.
  child.stop('now');
  child.kill('killed');
});

test('so is one for which there is no memory, where starting it throws', async () => {
  const { child } = watch(() => {
    throw Object.assign(new Error('spawn ENOMEM'), { code: 'ENOMEM' });
  });
  expect((await child.gone).error?.message).toBe('spawn ENOMEM');
  expect(await child.ready).toBe(false);
  await until(() => child.over.signal.aborted);
});
