/** `tsworker web` as a process: where it listens, when it refuses, and that it heals. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type CliRun, runCli } from '../support/cli.js';
import { tempDir } from '../support/reaper.js';
import { TestRedis } from '../support/redis.js';
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

describe.concurrent('it refuses to start', () => {
  test.concurrent.for<[string[], Record<string, string>, number, string]>([
    [['-host=0.0.0.0'], {}, 2, 'nobody has to log in; set TSWORKER_WEB_PASSWORD'],
    [['-host=::'], {}, 2, 'nobody has to log in'],
    [['-web-password=secret secret'], {}, 2, 'everybody on this machine sees'],
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
