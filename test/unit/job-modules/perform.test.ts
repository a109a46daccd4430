/** From claim to function: decoding, looking up, the context; then setup and teardown. */
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { Run } from '../../../src/engine/run.js';
import type { Decoder, JobContext, SetupContext } from '../../../src/job.js';
import { runSetup, runTeardown } from '../../../src/job-modules/hooks.js';
import type { JobModules } from '../../../src/job-modules/load.js';
import { createPerform, type PerformOptions } from '../../../src/job-modules/perform.js';
import { FunctionRegistry } from '../../../src/job-modules/registry.js';
import { unreadable } from '../../support/unreadable.js';

function perform(functions: FunctionRegistry, payload: string, options: Partial<PerformOptions> = {}): unknown {
  const claim = { slot: 3, token: 't', queue: 'high', payload: Buffer.from(payload), strict: true };
  const workerId = (slot: number) => `host.ts:1-${slot}:high`;
  const log = pino({ enabled: false });
  const run = new Run(claim, 0, () => {});
  return createPerform({ timeoutMs: 0, attempts: 1, functions, useNumber: true, workerId, log, flags: {}, ...options })(
    run,
  );
}

function registry(fn: (this: JobContext, queue: string, ...args: never[]) => unknown): FunctionRegistry {
  const functions = new FunctionRegistry();
  functions.add({ class: 'Known', fn }, 'a.ts');
  return functions;
}

describe('createPerform', () => {
  test('calls the function with queue and arguments, and adds no promise', () => {
    const functions = registry((...all: unknown[]) => all);
    expect(perform(functions, '{"class":"Known","args":[1,12345678901234567890]}')).toEqual([
      'high',
      1,
      12345678901234567890n,
    ]);
    expect(perform(functions, '{"class":"Known"}', { useNumber: false })).toEqual(['high']);
  });

  test('gives the context, computed when it is read', () => {
    const payload = '{ "class": "Known", "args": [1] }';
    const seen = registry(function () {
      const { queue, class: name, args, payload: text, workerId, signal, flags } = this;
      expect(this.log).toBe(this.log);
      expect(this.log.bindings()).toEqual({ queue: 'high', class: 'Known', worker: 'host.ts:1-3:high' });
      expect(signal.aborted).toBe(false);
      return { queue, name, args, text, workerId, flags };
    });
    expect(perform(seen, payload, { flags: { region: 'eu' } as never })).toEqual({
      queue: 'high',
      name: 'Known',
      args: [1],
      text: payload,
      workerId: 'host.ts:1-3:high',
      flags: { region: 'eu' },
    });
  });

  test('lets a watcher see every job, also one that cannot be read, but only while it watches', () => {
    const seen: string[] = [];
    const watcher = {
      watches: true,
      around(run: Run, job: () => unknown) {
        seen.push(run.class);
        return job();
      },
    };
    const functions = registry(() => 'result');
    expect(perform(functions, '{"class":"Known"}', { watcher })).toBe('result');
    expect(() => perform(functions, '{"class":"Unknown"}', { watcher })).toThrow('No worker for Unknown');
    expect(() => perform(functions, 'no JSON', { watcher })).toThrow('not strict JSON');
    watcher.watches = false;
    expect(perform(functions, '{"class":"Known"}', { watcher })).toBe('result');
    expect(seen).toEqual(['Known', 'Unknown', '']);
  });

  test.each(['Unknown', '__proto__', 'constructor', 'toString', ''])('fails the unknown class %j', (name) => {
    const payload = JSON.stringify({ class: name, args: [1, 'a'] });
    expect(() =>
      perform(
        registry(() => 1),
        payload,
      ),
    ).toThrow(
      expect.objectContaining({
        name: 'UnknownClassError',
        message: `No worker for ${name} in queue high with args [1,"a"]`,
      }),
    );
  });

  test('cuts the arguments it shows, of any size and depth', () => {
    const long = `{"class":"X","args":["${'a'.repeat(5000)}",12345678901234567890]}`;
    expect(() =>
      perform(
        registry(() => 1),
        long,
      ),
    ).toThrow(/^No worker for X in queue high with args \["a{198}…$/);
    const deep = `{"class":"X","args":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
    expect(() =>
      perform(
        registry(() => 1),
        deep,
      ),
    ).toThrow('No worker for X in queue high with args');
  });

  test('takes a decoder, from the registry or handed in', () => {
    const functions = registry((...all: unknown[]) => all);
    functions.setDecoder((text) => ({ class: 'Known', args: [text] }), 'a.ts');
    expect(perform(functions, 'any text')).toEqual(['high', 'any text']);
    expect(perform(functions, 'x', { decoder: () => ({ class: 'Known', args: [2] }) })).toEqual(['high', 2]);
  });

  test.each<[string, () => unknown, string]>([
    ['a list', () => ['Known', 1], "the decoder's result is an array, not an object"],
    ['nothing', () => undefined, "the decoder's result is missing, not an object"],
    ['no class', () => ({ args: [] }), "the decoder's result's class is missing"],
    ['wrong args', () => ({ class: 'Known', args: 'x' }), "the decoder's result's args are a string"],
    ['a promise', async () => Promise.reject(new Error('late')), 'the decoder returned a promise'],
    [
      'an error',
      () => {
        throw new Error('mine');
      },
      'mine',
    ],
  ])('fails the job where the decoder returns %s', (_what, decoder, message) => {
    expect(() =>
      perform(
        registry(() => 1),
        '{}',
        { decoder: decoder as Decoder },
      ),
    ).toThrow(message);
  });
});

describe('setup and teardown', () => {
  const context = {} as SetupContext;

  function modules(calls: string[], failing: readonly string[] = []): JobModules {
    const step = (name: string) => async () => {
      calls.push(name);
      if (failing.includes(name)) throw new Error(`cannot ${name}`);
    };
    const hooks = ['a', 'b', 'c'].map((file) => ({
      file: `${file}.ts`,
      setup: step(`+${file}`),
      teardown: step(`-${file}`),
    }));
    return { functions: new FunctionRegistry(), decoder: undefined, hooks, flags: {}, warnings: [] };
  }

  test('run in order, and back, once', async () => {
    const calls: string[] = [];
    const loaded = modules(calls);
    await runTeardown(loaded);
    await runSetup(loaded, context);
    await runTeardown(loaded);
    await runTeardown(loaded);
    expect(calls).toEqual(['+a', '+b', '+c', '-c', '-b', '-a']);
  });

  test('a failing setup names the file, and only what was set up is torn down', async () => {
    const calls: string[] = [];
    const loaded = modules(calls, ['+b']);
    await expect(runSetup(loaded, context)).rejects.toThrow('setup of b.ts failed: cannot +b');
    await runTeardown(loaded);
    expect(calls).toEqual(['+a', '+b', '-a']);
  });

  test('a failing teardown stops none of the others', async () => {
    const calls: string[] = [];
    const loaded = modules(calls, ['-c', '-b']);
    await runSetup(loaded, context);
    await expect(runTeardown(loaded)).rejects.toThrow(/teardown of c\.ts failed.*; teardown of b\.ts failed/);
    expect(calls).toEqual(['+a', '+b', '+c', '-c', '-b', '-a']);
  });

  test.each(Object.entries(unreadable))('a hook that throws what cannot be read (%s) is named', async (_kind, make) => {
    const throwing = async () => {
      throw make();
    };
    const hooks = [
      { file: 'a.ts', setup: () => {}, teardown: throwing },
      { file: 'b.ts', setup: throwing, teardown: undefined },
    ];
    const loaded: JobModules = { ...modules([]), hooks };
    await expect(runSetup(loaded, context)).rejects.toThrow(/^setup of b\.ts failed: /);
    await expect(runTeardown(loaded)).rejects.toThrow(/^teardown of a\.ts failed: /);
  });
});
