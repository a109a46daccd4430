import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readArgv } from '../../../src/cli/argv.js';
import { DEFAULT_COMMAND } from '../../../src/cli/commands.js';
import { settingTexts } from '../../../src/cli/flags.js';
import { helpPage } from '../../../src/cli/help.js';
import { allSpecs, givenValues, type ModuleFlags } from '../../../src/cli/module-flags.js';
import { readModuleFlags } from '../../../src/cli/program.js';
import { SCHEMA, SETTING_KEYS } from '../../../src/config/settings-table.js';

const FLAGS: ModuleFlags = {
  tenant: { type: 'string', describe: 'whose jobs', demandOption: true },
  mode: { choices: ['fast', 'safe'], default: 'safe' },
  size: { type: 'number', default: 10 },
  dryRun: { type: 'boolean', alias: 'n' },
  'no-cache': { default: false },
  tag: { type: 'array' },
  loud: { type: 'count' },
};

async function read(
  argv: string[],
  env: Record<string, string> = {},
  demand = false,
): Promise<Record<string, unknown>> {
  const given = givenValues(FLAGS, readArgv(argv, allSpecs(DEFAULT_COMMAND, FLAGS)), env);
  return await readModuleFlags(FLAGS, given, demand);
}

describe("the job modules' flags", () => {
  test('are typed, from the command line in every spelling', async () => {
    const argv = [
      '-tenant',
      '007',
      '--mode=fast',
      '-size=2.5',
      '-n',
      '-no-cache',
      '-tag=a',
      '-tag',
      'b,c',
      '-loud',
      '-loud',
    ];
    expect(await read(argv)).toEqual({
      tenant: '007',
      mode: 'fast',
      size: 2.5,
      dryRun: true,
      'no-cache': true,
      tag: ['a', 'b,c'],
      loud: 2,
    });
  });

  test('are typed from the environment, which the command line precedes', async () => {
    const env = {
      TSWORKER_TENANT: 'acme',
      TSWORKER_SIZE: '3',
      TSWORKER_DRY_RUN: 'T',
      TSWORKER_NO_CACHE: '',
      TSWORKER_TAG: 'a,b',
      TSWORKER_LOUD: '3',
    };
    expect(await read(['-size', '4', '-dry-run=false'], env)).toMatchObject({
      tenant: 'acme',
      size: 4,
      dryRun: false,
      'no-cache': false,
      tag: ['a', 'b'],
      loud: 3,
    });
  });

  test('have their defaults', async () => {
    expect(await read([])).toMatchObject({ mode: 'safe', size: 10, 'no-cache': false });
    expect((await read([])).tenant).toBeUndefined();
  });

  test.each<[string[], Record<string, string>, string]>([
    [['-size=big'], {}, '-size: must be a number, not "big"'],
    [[], { TSWORKER_SIZE: '0x10' }, 'TSWORKER_SIZE: must be a number, not "0x10"'],
    [['-n=maybe'], {}, '-dryRun: must be true or false'],
    [['-mode=slow'], {}, '-mode: must be one of "fast", "safe", not "slow"'],
    [['-loud=-1'], {}, '-loud: must be a count'],
  ])('%j %j is refused', async (argv, env, message) => {
    await expect(read(argv, env)).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining(message) });
  });

  test('are missed where they are demanded', async () => {
    await expect(read([], {}, true)).rejects.toMatchObject({
      code: 'USAGE',
      message: 'missing -tenant, which the job modules demand',
      hint: 'give it as a flag or as TSWORKER_TENANT',
    });
    expect((await read([], { TSWORKER_TENANT: 'a' }, true)).tenant).toBe('a');
  });

  test('any text comes through yargs as it was typed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.string(), fc.constantFrom('"a"', "'b'", 'a=b', '--x', '007', '1e3', '')),
        async (text) => {
          expect((await read([`-tenant=${text}`, '-tag', text])).tenant).toBe(text);
          expect((await read(['-tag', text])).tag).toEqual([text]);
        },
      ),
      { numRuns: 30 },
    );
  });

  test('cannot take a name of ours', () => {
    expect(() => allSpecs(DEFAULT_COMMAND, { uri: {} })).toThrow(expect.objectContaining({ code: 'JOBS' }));
    expect(() => allSpecs(DEFAULT_COMMAND, { height: { alias: 'h' } })).toThrow(
      '-h, which is ours'.replace('ours', "tsworker's own"),
    );
  });
});

describe('settingTexts', () => {
  test('the last one counts, but -jobs gathers', () => {
    const argv = readArgv(['-queues=a', '-jobs=x', '-queues=b', '-jobs=y'], allSpecs(DEFAULT_COMMAND, {}));
    expect(settingTexts(argv)).toEqual({ queues: 'b', jobs: ['x', 'y'] });
  });
});

describe('the help page', () => {
  test("shows every flag with one dash, and the job modules' in a group of their own", async () => {
    const page = await helpPage(FLAGS, 100);
    for (const key of SETTING_KEYS) expect(page).toMatch(new RegExp(`^ +-${SCHEMA[key].flag}[ \\n]`, 'm'));
    expect(page).not.toMatch(/^ *--/m);
    expect(page).toContain('Flags of the job modules:');
    expect(page).toMatch(/-tenant .*whose jobs.*\[required\]/);
    expect(page).toMatch(/-n, -dryRun/);
    expect(page).toContain('TSWORKER_QUEUES');
    expect(page).toContain('tsworker.config');
    for (const line of page.split('\n')) expect(line.length, line).toBeLessThanOrEqual(100);
  });

  test('has no such group without such flags', async () => {
    expect(await helpPage({}, 80)).not.toContain('job modules:');
  });
});
