import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Io } from '../../../src/cli/io.js';
import { main } from '../../../src/cli/main.js';
import { TsworkerError } from '../../../src/errors.js';

const runSupervised = vi.hoisted(() => vi.fn<(options: Record<string, unknown>) => Promise<{ exitCode: number }>>());
const log = vi.hoisted(() => ({}));
vi.mock('../../../src/processes/supervisor-process.js', () => ({ runSupervised }));
vi.mock('../../../src/processes/prefork.js', () => ({
  Prefork: class {
    close() {}
  },
}));
vi.mock('../../../src/log/pino.js', () => ({ createLog: async () => log }));
vi.mock('../../../src/index.js', () => ({}));
vi.mock('../../../src/cli/commands/demo/run.js', () => ({ demo: async () => 7 }));

let cwd: string;

beforeEach(() => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), 'tsworker-cli-')));
  runSupervised.mockReset().mockResolvedValue({ exitCode: 0 });
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

async function run(argv: string[], env: Record<string, string> = {}, given: Partial<Io> = {}) {
  const texts = { out: '', err: '' };
  const io: Io = {
    cwd,
    terminal: false,
    colour: false,
    columns: 100,
    rows: 24,
    input: Readable.from([]),
    interactive: false,
    out(text) {
      texts.out += text;
    },
    err(text) {
      texts.err += text;
    },
    async print(text) {
      texts.out += text;
      return true;
    },
    ...given,
  };
  return { code: await main(argv, env, io), ...texts };
}

function writeJob(content: string): void {
  mkdirSync(join(cwd, 'jobs'), { recursive: true });
  writeFileSync(join(cwd, 'jobs', 'job.mjs'), content);
}

describe('work', () => {
  test.each([[['-queues=high=2,low']], [['work', '--queues', 'high=2,low']]])('%j runs the daemon', async (argv) => {
    runSupervised.mockResolvedValue({ exitCode: 3 });
    expect(await run(argv, { TSWORKER_QUEUE: 'x' })).toEqual({ code: 3, out: '', err: '' });
    const [options] = runSupervised.mock.calls[0];
    expect(options).toMatchObject({
      settings: { queues: { weighted: true }, jobs: [join(cwd, 'jobs')], logFormat: 'json' },
      flags: {},
      warnings: [expect.stringContaining('TSWORKER_QUEUE ')],
    });
  });

  test("hands over the job modules' flags", async () => {
    writeJob("export const flags = { size: { type: 'number', demandOption: true } };");
    expect((await run(['-queues=a', '-size=5'])).code).toBe(0);
    expect(runSupervised.mock.calls[0][0]).toMatchObject({ flags: { size: 5 }, warnings: [] });
    expect((await run(['-queues=a'], { TSWORKER_SIZE: '6' })).code).toBe(0);
    expect(runSupervised.mock.calls[1][0]).toMatchObject({ flags: { size: 6 }, warnings: [] });
    expect(await run(['-queues=a'])).toMatchObject({
      code: 2,
      err: 'tsworker: missing -size, which the job modules demand; give it as a flag or as TSWORKER_SIZE\n',
    });
  });

  test.each<[string[], RegExp]>([
    [[], /^tsworker: you must specify at least one queue; give -queues/],
    [['-quues=a'], /^tsworker: unknown flag -quues; did you mean -queues\?$/],
    [['-queues'], /^tsworker: the flag -queues needs a value$/],
    [['-queues=low='], /^tsworker: -queues: the weight must be a numeric value/],
    [['-queues=a', '-concurrency=0'], /^tsworker: -concurrency: must be a whole number, 1 to 100000, not "0"$/],
    [['-queues=a', '-uri=redis://u:hunter2@h:x'], /^tsworker: -uri: must be redis:.*u:\*\*\*@h:x/],
    [['wrok'], /^tsworker: unknown command "wrok"; did you mean work\?$/],
    [['-exit-on-complete', 'false'], /^tsworker: unknown command "false"; the value of a boolean flag/],
    [['config', 'x'], /^tsworker: unexpected word "x" after config; tsworker config takes no more words$/],
    [['-queues=a', '-json'], /^tsworker: tsworker work takes no flag -json: it belongs to /],
    [
      ['demo', '-queues=a'],
      /^tsworker: tsworker demo takes no flag -queues: it belongs to tsworker work, tsworker check and tsworker config$/,
    ],
    [['-config=gone.yaml'], /^tsworker: the configuration file gone\.yaml does not exist$/],
  ])('%j is told in one line, with code 2', async (argv, line) => {
    const { code, out, err } = await run(argv);
    expect(err.trimEnd()).toMatch(line);
    expect(err.match(/\n/g)).toHaveLength(1);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(runSupervised).not.toHaveBeenCalled();
  });

  test('what the daemon raises on purpose is one line and code 1, a fault of ours has its stack', async () => {
    runSupervised.mockRejectedValueOnce(new TsworkerError('REDIS', 'no\n  Redis', { hint: 'start one' }));
    expect(await run(['-queues=a'])).toEqual({ code: 1, out: '', err: 'tsworker: no Redis; start one\n' });
    runSupervised.mockRejectedValueOnce(new TypeError('oops'));
    const { code, err } = await run(['-queues=a']);
    expect(code).toBe(1);
    expect(err).toMatch(/^tsworker: TypeError: oops\n +at /);
  });
});

describe('demo', () => {
  test("ends with the demo's code", async () => expect(await run(['demo'])).toEqual({ code: 7, out: '', err: '' }));
});

describe('help and version', () => {
  test.each(['-h', '-help', '--help', 'help'])('%s, whatever else is wrong', async (word) => {
    writeFileSync(join(cwd, 'tsworker.config.json'), '{');
    const { code, out, err } = await run([word, '-nonsense']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^Usage: tsworker/);
  });

  test('show the flags of the job modules, also where the file says that these are', async () => {
    mkdirSync(join(cwd, 'elsewhere'));
    writeFileSync(join(cwd, 'elsewhere', 'job.mjs'), "export const flags = { tenant: { describe: 'whose' } };");
    writeFileSync(join(cwd, '.tsworkerrc'), 'jobs: elsewhere');
    expect((await run(['-help'])).out).toMatch(/Flags of the job modules:\n +-tenant +whose/);
  });

  test.each(['-v', '-version', '--version'])('%s', async (word) => {
    expect(await run([word])).toEqual({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), err: '' });
  });
});

describe('config', () => {
  test('prints a list, with nothing cut and secrets masked, without queues', async () => {
    writeJob("export const flags = { apiKey: { type: 'string' }, size: { default: 3 } };");
    const env = { REDIS_URL: 'redis://u:hunter2@host', TSWORKER_API_KEY: 'hunter2', TSWORKER_QUEUE: 'x' };
    for (const terminal of [false, true]) {
      const { code, out, err } = await run(['config', '-grace=3'], env, { terminal, columns: 40 });
      expect(code).toBe(0);
      expect(out + err).not.toContain('hunter2');
      expect(err).toMatch(/^tsworker: warning: .*TSWORKER_QUEUE .*\n$/);
      expect(out).toMatch(/^FLAG +FROM +VALUE\n/);
      expect(out).toMatch(/^-queues +not set +not set$/m);
      expect(out).toMatch(/^-grace +-grace +3$/m);
      expect(out).toMatch(/^-uri +REDIS_URL +redis:\/\/u:\*\*\*@host$/m);
      expect(out).toMatch(/^-size +job modules +3$/m);
    }
  });

  test('prints JSON for machines', async () => {
    const { code, out } = await run(['config', '-json', '-queues=a,b', '-uri=redis://u:hunter2@host']);
    expect(code).toBe(0);
    const { settings, origins } = JSON.parse(out);
    expect(settings).toMatchObject({ uri: 'redis://u:***@host', queues: { weighted: false } });
    expect(origins).toMatchObject({ queues: '-queues', concurrency: 'default' });
  });

  test('finds what is wrong, as work does', async () => {
    expect(await run(['config', '-interval=x'])).toMatchObject({ code: 2, out: '' });
  });
});
