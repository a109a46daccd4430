import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findConfigFile, SEARCH_PLACES } from '../../../src/config/file.js';
import { loadSettings, resolveSettings, type Sources } from '../../../src/config/load.js';

let cwd: string;

beforeEach(() => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), 'tsworker-config-')));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

function write(name: string, content: string): void {
  mkdirSync(dirname(join(cwd, name)), { recursive: true });
  writeFileSync(join(cwd, name), content);
}

const load = (sources: Partial<Sources> = {}) =>
  loadSettings({ flags: {}, env: {}, cwd, queuesRequired: false, ...sources });

describe('precedence', () => {
  test('is flag, environment, file, default', async () => {
    write('.tsworkerrc.json', '{"concurrency": 3, "grace": 3, "interval": 3}');
    const { settings, origins } = await load({
      flags: { concurrency: '1' },
      env: { TSWORKER_CONCURRENCY: '2', TSWORKER_GRACE: '2', TSWORKER_NAMESPACE: '' },
    });
    expect(settings).toMatchObject({ concurrency: 1, grace: 2, interval: 3, connections: 2, namespace: 'resque:' });
    expect(origins).toMatchObject({
      concurrency: '-concurrency',
      grace: 'TSWORKER_GRACE',
      interval: '.tsworkerrc.json',
      connections: 'default',
      namespace: 'default',
      queues: 'not set',
    });
  });

  test('holds for any mix of sources', async () => {
    const source = fc.option(fc.integer({ min: 1, max: 100_000 }), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(source, source, source, async (flag, env, file) => {
        const values = file === undefined ? {} : { concurrency: file };
        const { settings } = await load({
          flags: flag === undefined ? {} : { concurrency: String(flag) },
          env: { TSWORKER_CONCURRENCY: env === undefined ? '' : String(env) },
          file: { name: 'x', folder: cwd, values },
        });
        expect(settings.concurrency).toBe(flag ?? env ?? file ?? 25);
      }),
    );
  });

  test('of the URI: flag, TSWORKER_URI, REDIS_PROVIDER, REDIS_URL, file, default', async () => {
    const env = { TSWORKER_URI: 'redis://b', REDIS_PROVIDER: 'MINE', MINE: 'redis://c', REDIS_URL: 'redis://d' };
    const file = { name: 'x', folder: cwd, values: { uri: 'redis://e' } };
    const uri = async (sources: Partial<Sources>) => (await load(sources)).settings.uri;
    expect(await uri({ flags: { uri: 'redis://a' }, env, file })).toBe('redis://a');
    expect(await uri({ env, file })).toBe('redis://b');
    expect(await uri({ env: { ...env, TSWORKER_URI: '' }, file })).toBe('redis://c');
    expect(await uri({ env: { REDIS_URL: 'redis://d' }, file })).toBe('redis://d');
    expect(await uri({ file })).toBe('redis://e');
    expect(await uri({})).toBe('redis://localhost:6379/');
  });
});

describe('what is wrong', () => {
  test('no queues', async () => {
    await expect(load({ queuesRequired: true })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('you must specify at least one queue'),
    });
  });

  test('a worker that is dead before its next heartbeat', async () => {
    await expect(load({ env: { TSWORKER_HEARTBEAT: '10', TSWORKER_PRUNE_AFTER: '10' } })).rejects.toThrow(
      '-prune-after (10 s) must be more than -heartbeat (10 s)',
    );
  });

  test('names the variable or the key and the file', async () => {
    await expect(load({ env: { TSWORKER_INTERVAL: 'x' } })).rejects.toThrow('TSWORKER_INTERVAL: must be a number');
    write('.tsworkerrc', 'interval: soon');
    await expect(load()).rejects.toThrow('"interval" in .tsworkerrc: must be a number of seconds');
  });

  test.each([
    ['concurency', 'did you mean concurrency?'],
    ['exit-on-complete', 'did you mean exitOnComplete?'],
    ['tls-cert', 'did you mean tlsCertPath?'],
    ['Queues', 'did you mean queues?'],
  ])('an unknown key %s', async (key, hint) => {
    write('tsworker.config.json', JSON.stringify({ [key]: 1 }));
    await expect(load()).rejects.toMatchObject({
      code: 'USAGE',
      message: `unknown key "${key}" in tsworker.config.json`,
      hint,
    });
  });

  test.each([
    ['tsworker.config.json', '{"queues": ["a"], }', ':1', /Expected double-quoted property name in JSON/],
    ['tsworker.config.json', '{\n "uri": "redis://:secret@h"\n "queues": 1', ':3', /^(?!.*secret)Expected ','/],
    ['.tsworkerrc.yaml', 'a: b: c', '', /\(1:5\)/],
    ['tsworker.config.yml', 'queues: [a\nfoo: b', '', /\(2:1\)/],
    [
      'tsworker.config.ts',
      'export default {\n  queues: [],\n  uri: "secret" + ;',
      ':3:19',
      /^SyntaxError: (?!.*secret)/,
    ],
    ['tsworker.config.ts', 'throw new Error("not today")', '', /^not today$/],
  ])('a file that does not load: %s', async (name, content, at, reason) => {
    write(name, content);
    const error = await load().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'USAGE', message: expect.not.stringContaining('\n') });
    const [where, why] = (error as Error).message.split(' does not load: ');
    expect(where).toBe(`the configuration file ${name}${at}`);
    expect(why).toMatch(reason);
  });

  test('a file that is no object, and one that is not there', async () => {
    write('.tsworkerrc', '- a');
    await expect(load()).rejects.toThrow('.tsworkerrc holds no settings');
    await expect(load({ flags: { config: 'gone.json' } })).rejects.toThrow('gone.json does not exist');
  });
});

describe('warnings', () => {
  test('propose nothing that is far away from an unknown TSWORKER_ variable', async () => {
    const { warnings } = await load({ env: { TSWORKER_QUEUES: 'a', TSWORKER_FOO: '1', TSWORKER_CONCURENCY: '1' } });
    expect(warnings).toEqual([
      "the environment variable TSWORKER_FOO is not one of tsworker's",
      "the environment variable TSWORKER_CONCURENCY is not one of tsworker's; did you mean TSWORKER_CONCURRENCY?",
    ]);
  });

  test('name unknown TSWORKER_ variables, but not those of job modules', async () => {
    const { warnings } = await load({
      env: { TSWORKER_QUEUE: 'a', TSWORKER_TENANT: 'b', TSWORKER_CONFIG: '', TSWORKER_DRY_RUN: '1' },
      extraFlags: ['tenant', 'dryRun'],
    });
    expect(warnings).toEqual([
      "the environment variable TSWORKER_QUEUE is not one of tsworker's; did you mean TSWORKER_QUEUES?",
    ]);
  });

  test('say which source they are about', async () => {
    const { warnings } = await load({ env: { TSWORKER_QUEUES: 'a=0,b', REDIS_PROVIDER: 'GONE' } });
    expect(warnings).toEqual([
      'TSWORKER_QUEUES: queue "a" has weight 0 and is left out',
      'REDIS_PROVIDER names GONE, which is not set',
    ]);
  });
});

describe('the configuration file', () => {
  const object = `{ queues: { high: 2, low: 1 }, jobs: 'work' }`;
  const contents: Record<string, string> = {
    json: '{"queues": {"high": 2, "low": 1}, "jobs": "work"}',
    yaml: 'queues:\n  high: 2\n  low: 1\njobs: work\n',
    js: `module.exports = ${object}`,
    mjs: `export default ${object}`,
    ts: `import { defineConfig } from 'tsworker';\nconst jobs: string = 'work';\nexport default defineConfig({ ...${object}, jobs });`,
  };
  const byEnding = (name: string) => {
    const ending = /\.(\w+)$/.exec(name)?.[1] ?? 'yaml';
    return contents[{ yml: 'yaml', cjs: 'js', tsworkerrc: 'yaml' }[ending] ?? ending];
  };

  test.each(SEARCH_PLACES.filter((place) => place !== 'package.json'))('is found as %s', async (place) => {
    write(place, byEnding(place));
    const { settings, origins } = await load();
    expect(settings.queues.queues).toEqual([
      { name: 'high', weight: 2 },
      { name: 'low', weight: 1 },
    ]);
    expect(origins.queues).toBe(place);
    // For a file in config/ the project is the folder above.
    expect(settings.jobs).toEqual([join(cwd, 'work')]);
  });

  test('is found in package.json, if that has the key', async () => {
    write('package.json', '{"name": "x"}');
    expect(findConfigFile(cwd)).toBeUndefined();
    write('package.json', '{"name": "x", "tsworker": {"queues": "a,b"}}');
    expect((await load()).origins.queues).toBe('package.json');
  });

  test('is the one that -config or TSWORKER_CONFIG names', async () => {
    write('.tsworkerrc', 'queues: found');
    write('deep/other.yaml', 'queues: other\njobs: [work, /abs]');
    const { settings, origins } = await load({ flags: { config: 'deep/other.yaml' } });
    expect(settings.queues.queues).toEqual([{ name: 'other', weight: 1 }]);
    expect(settings.jobs).toEqual([join(cwd, 'deep/work'), '/abs']);
    expect(origins.jobs).toBe('deep/other.yaml');
    expect((await load({ env: { TSWORKER_CONFIG: 'deep/other.yaml' } })).settings.queues.queues[0].name).toBe('other');
  });

  test('may be empty', async () => {
    write('.tsworkerrc', '');
    expect((await load()).settings.concurrency).toBe(25);
  });
});

describe('resolveSettings', () => {
  const at = { env: {}, cwd: '/project' };

  test('takes queues in every form, and reads the environment for the URI only', () => {
    const env = { TSWORKER_CONCURRENCY: '7', REDIS_URL: 'redis://host' };
    const { settings } = resolveSettings({ queues: { a: 2 }, interval: 0.5, grace: undefined }, { ...at, env });
    expect(settings).toMatchObject({
      interval: 0.5,
      concurrency: 25,
      grace: 0,
      uri: 'redis://host',
      jobs: ['/project/jobs'],
    });
    expect(settings.queues).toEqual({ queues: [{ name: 'a', weight: 2 }], weighted: true });
    expect(resolveSettings({ queues: ['a', 'b'] }, at).settings.queues.weighted).toBe(false);
  });

  test('makes the same checks', () => {
    expect(() => resolveSettings({}, at)).toThrow('you must specify at least one queue');
    expect(resolveSettings({}, { ...at, queuesRequired: false }).settings.queues.queues).toEqual([]);
    expect(() => resolveSettings({ queues: 'a', concurrency: 0 }, at)).toThrow('concurrency: must be a whole number');
    expect(() => resolveSettings({ queues: 'a', ...{ intervall: 1 } }, at)).toThrow('unknown key "intervall"');
  });

  test('gives frozen settings', () => {
    const { settings } = resolveSettings({ queues: 'a' }, at);
    expect(Object.isFrozen(settings)).toBe(true);
    expect(Object.isFrozen(settings.queues.queues)).toBe(true);
  });
});
