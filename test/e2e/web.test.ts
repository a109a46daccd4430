/** `tsworker web` as a process: where it listens, when it refuses, and that it recovers. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type CliRun, runCli } from '../support/cli.js';
import { assertConserved } from '../support/conservation.js';
import { entryText, idsIn, pushFailed } from '../support/failed.js';
import { tempDir } from '../support/reaper.js';
import { startRedis, TestRedis } from '../support/redis.js';
import { until } from '../support/until.js';

async function urlOf(web: CliRun): Promise<string> {
  return String((await web.waitForLog((line) => typeof line.url === 'string')).url);
}

async function textOf(url: string, headers: Record<string, string> = {}): Promise<string> {
  return await (await fetch(url, { headers })).text();
}

test.concurrent('it listens while Redis is away, says why, heals by itself, and ends in order', async (context) => {
  const redis = new TestRedis(tempDir('redis'), undefined, {});
  context.onTestFinished(() => redis.stop());
  const web = runCli(['web', `-uri=${redis.uri}`, '-port=0', '-title=Staging <b>'], context);
  const url = await urlOf(web);
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  expect(await textOf(url)).toContain('Redis has not answered as it should');
  await redis.start();
  await redis.client.connect();
  await redis.client.sAdd('resque:queues', 'mail');
  await until(async () => (await textOf(`${url}queues`)).includes('queue?name=mail'), { what: 'the queue is shown' });
  expect(await textOf(url)).toContain('Staging &lt;b&gt;');
  await redis.kill();
  await until(async () => (await textOf(url)).includes('Redis has not answered'), {
    what: 'it says that Redis is away',
  });
  expect(await textOf(`${url}queues`)).toContain('queue?name=mail');
  web.signal('SIGTERM');
  expect(await web.exit()).toEqual({ code: 0, signal: null });
});

test.concurrent('killed in the middle of a retry it loses and doubles nothing, and the next one says so', async (context) => {
  const redis = await startRedis();
  context.onTestFinished(() => redis.stop());
  await pushFailed(
    redis.client,
    Array.from({ length: 300 }, (_, id) => entryText(id)),
  );
  const start = async () => {
    const web = runCli(['web', `-uri=${redis.uri}`, '-port=0'], context);
    return { web, url: await urlOf(web) };
  };
  const post = async (url: string, form: Record<string, string>) => {
    const headers = { 'sec-fetch-site': 'same-origin', accept: 'application/json' };
    const response = await fetch(url, { method: 'POST', headers, body: new URLSearchParams(form) });
    return (await response.json()) as Record<string, unknown>;
  };
  const retryAll = async (url: string, more: Record<string, string>) => {
    const { preview } = (await post(`${url}retry-all`, {})) as { preview: { jobs: number; upTo: string } };
    const agreed = { agreed: 'yes', jobs: String(preview.jobs), upto: preview.upTo, ...more };
    return String((await post(`${url}retry-all`, agreed)).operation);
  };
  const first = await start();
  const operation = await retryAll(first.url, { rate: '10' });
  await until(async () => (await redis.client.lLen('resque:queue:mail')) > 5, { what: 'some are retried' });
  first.web.signal('SIGKILL');
  await first.web.exit();
  expect(await redis.client.lLen('resque:queue:mail')).toBeLessThan(300);
  await assertConserved(redis.client, 300);
  // As if its thirty seconds were over.
  await redis.client.del('resque:tsworker:operation');
  const second = await start();
  expect(await textOf(`${second.url}operation?id=${operation}`)).toContain('The process that ran it is gone');
  const again = await retryAll(second.url, {});
  const isDone = async () => (await textOf(`${second.url}operation?id=${again}`)).includes('state works');
  await until(isDone, { what: 'the second one ends' });
  expect(await redis.client.lLen('resque:failed')).toBe(0);
  const ids = idsIn(await redis.client.lRange('resque:queue:mail', 0, -1));
  expect(ids.sort((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, id) => id));
});

describe.concurrent('it refuses to start', () => {
  test.concurrent.for<[string[], Record<string, string>, number, string]>([
    [['-host=0.0.0.0'], {}, 2, 'nobody has to log in; set TSWORKER_WEB_PASSWORD'],
    [['-host=::'], {}, 2, 'nobody has to log in'],
    [['-web-password=secret secret'], {}, 2, 'everybody on this machine can read'],
    [[], { TSWORKER_WEB_PASSWORD: 'short' }, 2, '8 characters or more'],
    [['-web-users=/nowhere'], {}, 2, 'the users file cannot be read'],
    [['-host=192.0.2.1'], { TSWORKER_WEB_PASSWORD: 'long enough' }, 1, 'this machine has no such address'],
  ])('with %j %j', async ([flags, env, code, message], context) => {
    const web = runCli(['web', '-uri=unix:///nowhere', '-port=0', ...flags], { ...context, env });
    expect((await web.exit()).code).toBe(code);
    expect(web.stderr).toContain(message);
    expect(web.output).not.toContain('secret secret');
  });
});

test.concurrent('a user and a token are made for the file, and log in', async (context) => {
  const user = runCli(['web', 'user', 'ada', '-role=operator'], { ...context, input: 'difference engine\n' });
  const token = runCli(['web', 'token', 'ci'], context);
  expect((await user.exit()).code).toBe(0);
  expect((await token.exit()).code).toBe(0);
  expect(user.stdout).toMatch(/^ada:operator:\$scrypt\$\S+\n$/);
  expect(token.stdout).toMatch(/^ci:viewer:sha256\$[0-9a-f]{64}\n$/);
  const [, secret] = /shown only now: (\S+)/.exec(token.stderr) ?? [];
  const users = join(tempDir('users'), 'users');
  writeFileSync(users, user.stdout + token.stdout);
  const web = runCli(['web', '-uri=unix:///nowhere', '-port=0', '-host=0.0.0.0', `-web-users=${users}`], context);
  const url = (await urlOf(web)).replace('0.0.0.0', '127.0.0.1');
  expect(web.stdout).toContain('passwords go over plain http');
  expect((await fetch(url, { redirect: 'manual' })).status).toBe(303);
  expect(await textOf(url, { authorization: `Bearer ${secret}` })).toContain('viewer');
});
