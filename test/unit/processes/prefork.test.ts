/** Child processes that are started before they are needed. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { Prefork } from '../../../src/processes/prefork.js';
import { tempDir } from '../../support/reaper.js';
import { until } from '../../support/until.js';

/** @param life of each process, before it answers what it is told */
function start(count: number, life = '') {
  const born = join(tempDir('fork'), 'born');
  const file = `${born}.mjs`;
  writeFileSync(born, '');
  writeFileSync(
    file,
    `import { appendFileSync } from 'node:fs';
    process.on('message', (message) => process.send(message));
    appendFileSync(${JSON.stringify(born)}, process.pid + '\\n');
    ${life}`,
  );
  const forks = new Prefork(pathToFileURL(file), count);
  onTestFinished(() => forks.close());
  return { forks, pids: () => readFileSync(born, 'utf8').split('\n').slice(0, -1).map(Number) };
}

async function echo(child: ChildProcess): Promise<unknown> {
  const answer = once(child, 'message');
  child.send({ order: 1 });
  const [message] = await answer;
  child.disconnect();
  return message;
}

const gone = (pid: number) => until(() => !existsSync(`/proc/${pid}`), { what: `${pid} is gone` });

test('what was started early comes first, then fresh ones; each hears what it is told before it listens', async () => {
  const { forks, pids } = start(1);
  await until(() => pids().length === 1);
  const [early, fresh] = [forks.next(), forks.next()];
  expect(await Promise.all([echo(early), echo(fresh)])).toEqual([{ order: 1 }, { order: 1 }]);
  expect([early.pid, fresh.pid]).toEqual(pids());
});

test('one that has died meanwhile is not handed out', async () => {
  const { forks, pids } = start(1);
  await until(() => pids().length === 1);
  process.kill(pids()[0], 'SIGKILL');
  await gone(pids()[0]);
  expect(await echo(forks.next())).toEqual({ order: 1 });
});

test('those that nobody had a use for leave', async () => {
  const { forks, pids } = start(2);
  await until(() => pids().length === 2);
  const taken = forks.next();
  forks.close();
  await gone(pids().find((pid) => pid !== taken.pid) as number);
  expect(await echo(taken)).toEqual({ order: 1 });
});

test('one that could not be started is not handed out, and whoever asks for a fresh one hears why', async () => {
  const { execPath } = process;
  process.execPath = '/nowhere/node';
  onTestFinished(() => {
    process.execPath = execPath;
  });
  const { forks, pids } = start(1);
  const [error] = await once(forks.next(), 'error');
  expect(error).toMatchObject({ code: 'ENOENT' });
  process.execPath = execPath;
  expect(await echo(forks.next())).toEqual({ order: 1 });
  expect(pids()).toHaveLength(1);
});
