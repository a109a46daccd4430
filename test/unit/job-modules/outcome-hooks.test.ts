/** The hooks after a job has ended: which of them run, for which jobs, in which order; and that they change nothing. */
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { Run } from '../../../src/engine/run.js';
import type { JobFunction, Outcome } from '../../../src/job.js';
import { createJudge } from '../../../src/job-modules/judge.js';
import { layersOf } from '../../../src/job-modules/middleware.js';
import { OutcomeHooks } from '../../../src/job-modules/outcome-hooks.js';
import { createPerform } from '../../../src/job-modules/perform.js';
import { FunctionRegistry } from '../../../src/job-modules/registry.js';
import { retryPolicy } from '../../../src/job-modules/retry-policy.js';
import { Cancel, Discard, RetryIn } from '../../../src/job-modules/verdicts.js';
import type { Layer, Middleware } from '../../../src/middleware.js';

/** Hooks that note what they are told. */
function noting(name: string, told: string[]): Layer[] {
  return layersOf(
    {
      onFailure: async (error, job, { willRetry }) => {
        await Promise.resolve();
        told.push(`${name} onFailure ${job.class} ${JSON.stringify(job.args)} ${error.message} ${willRetry}`);
      },
      onExhausted: (error, { class: className, attempt, attempts }) =>
        told.push(`${name} onExhausted ${className} ${error.message} ${attempt}/${attempts}`),
      onDiscard: (error, job) => told.push(`${name} onDiscard ${job.class} ${error.message}`),
    } satisfies Middleware,
    name,
  ) as Layer[];
}

interface Scene {
  readonly outermost?: readonly Layer[];
  readonly inner?: readonly Layer[];
  readonly fn?: JobFunction;
  readonly payload?: string;
  readonly attempt?: number;
  readonly timeoutMs?: number;
}

/** Runs one job to its outcome, and all hooks to their end. */
async function outcomeOf(scene: Scene) {
  const { outermost = [], inner = [], fn = () => {}, payload = '{"class":"J","args":[1]}', attempt = 1 } = scene;
  const logged: string[] = [];
  const log = pino({}, { write: (line: string) => logged.push(JSON.parse(line).msg) });
  const functions = new FunctionRegistry(outermost);
  functions.add({ class: 'J', fn, retry: retryPolicy(3, 'test') }, 'a.ts', [...outermost, ...inner]);
  const workerId = (slot: number) => `h:1-${slot}:q`;
  const surroundings = { workerId, log, flags: {}, attempts: 1 };
  const outcomeHooks = OutcomeHooks.of(functions, surroundings);
  const options = { ...surroundings, functions, useNumber: true, timeoutMs: scene.timeoutMs ?? 0, outcomeHooks };
  const retry = { id: 'i', attempt, postponed: 0, firstFailedAt: undefined, errors: [] };
  const claim = { slot: 0, token: 't', queue: 'q', payload: Buffer.from(payload), strict: true, retry };
  const outcome = await new Promise<Outcome>((resolve) => {
    const judge = createJudge({ functions, retry: retryPolicy(0, 'test'), workerId, log });
    const ended = (run: Run, result: Outcome) => {
      outcomeHooks?.tell(run, result);
      resolve(result);
    };
    new Run(claim, 0, ended, judge).perform(createPerform(options));
  });
  await outcomeHooks?.ended();
  return { kind: outcome.kind, logged };
}

const throws = (error: unknown) => () => {
  throw error;
};
const boom = throws(new Error('boom'));

describe('who is told what', () => {
  test.each<[string, Scene, string, string[]]>([
    ['a job that succeeds', {}, 'done', []],
    [
      'a run that failed and is followed by another: the innermost first',
      { fn: boom },
      'retry',
      ['inner onFailure J [1] boom true', 'outer onFailure J [1] boom true'],
    ],
    [
      'the last run',
      { fn: boom, attempt: 3 },
      'failed',
      [
        ...['inner onFailure J [1] boom false', 'inner onExhausted J boom 3/3'],
        ...['outer onFailure J [1] boom false', 'outer onExhausted J boom 3/3'],
      ],
    ],
    [
      'Cancel',
      { fn: throws(new Cancel('no')) },
      'failed',
      [
        ...['inner onFailure J [1] no false', 'inner onExhausted J no 1/3'],
        ...['outer onFailure J [1] no false', 'outer onExhausted J no 1/3'],
      ],
    ],
    ['Discard', { fn: throws(new Discard('gone')) }, 'discarded', ['inner onDiscard J gone', 'outer onDiscard J gone']],
    [
      'a job that had expired',
      { payload: '{"class":"J","args":[1],"tsworker":{"expires_at":1}}' },
      'discarded',
      [expect.stringMatching(/^inner onDiscard J it expired/), expect.stringMatching(/^outer onDiscard J/)],
    ],
    ['RetryIn, which is no failure', { fn: throws(new RetryIn(1)) }, 'retry', []],
    [
      'a timeout',
      { fn: () => new Promise(() => {}), timeoutMs: 10, attempt: 3 },
      'failed',
      expect.arrayContaining([expect.stringMatching(/^inner onExhausted J the job did not end within 0\.01 s/)]),
    ],
    [
      'a class that nobody registered: the configuration alone',
      { payload: '{"class":"X","args":[2]}' },
      'failed',
      [
        expect.stringMatching(/^outer onFailure X \[2\] No worker for X/),
        expect.stringMatching(/^outer onExhausted X No worker for X.* 1\/1$/),
      ],
    ],
    [
      'a payload that cannot be read: the configuration alone',
      { payload: 'garbage' },
      'failed',
      [expect.stringMatching(/^outer onFailure {2}\[\] /), expect.stringMatching(/^outer onExhausted {2}/)],
    ],
  ])('%s', async (_, scene, kind, expected) => {
    const told: string[] = [];
    const layers = { outermost: noting('outer', told), inner: noting('inner', told) };
    expect((await outcomeOf({ ...layers, ...scene })).kind).toBe(kind);
    expect(told).toEqual(expected);
  });
});

test('what a hook throws is logged, and neither the outcome nor the other hooks know of it', async () => {
  const told: string[] = [];
  const broken = layersOf(
    { onFailure: () => Promise.reject(new Error('broken')), onExhausted: boom },
    'jobs/_middleware.ts',
  );
  const { kind, logged } = await outcomeOf({ outermost: noting('outer', told), inner: broken, fn: boom, attempt: 3 });
  expect(kind).toBe('failed');
  expect(told).toHaveLength(2);
  expect(logged).toEqual([
    'the hook onFailure of jobs/_middleware.ts threw an error',
    'the hook onExhausted of jobs/_middleware.ts threw an error',
  ]);
});

test('an outcome does not wait for hooks that never end', async () => {
  const stuck = layersOf({ onFailure: () => new Promise(() => {}) }, 'x');
  const functions = new FunctionRegistry(stuck);
  const hooks = OutcomeHooks.of(functions, {
    workerId: () => '',
    log: pino({ enabled: false }),
    flags: {},
    attempts: 1,
  });
  const claim = { slot: 0, token: 't', queue: 'q', payload: Buffer.from('x'), strict: false };
  const outcome = await new Promise<Outcome>((resolve) => {
    const run = new Run(claim, 0, (one, result) => {
      hooks?.tell(one, result);
      resolve(result);
    });
    run.perform(boom);
  });
  expect(outcome.kind).toBe('failed');
  expect(await Promise.race([hooks?.ended(), new Promise((resolve) => setImmediate(resolve, 'runs on'))])).toBe(
    'runs on',
  );
});

test('where no layer has such a hook, jobs are not looked at', () => {
  const functions = new FunctionRegistry(layersOf({ around() {} }, 'x'));
  functions.add({ class: 'J', fn: () => {} }, 'a.ts');
  const surroundings = { workerId: () => '', log: pino({ enabled: false }), flags: {}, attempts: 1 };
  expect(OutcomeHooks.of(functions, surroundings)).toBeUndefined();
  functions.add({ class: 'K', fn: () => {} }, 'a.ts', layersOf({ onDiscard() {} }, 'y'));
  expect(OutcomeHooks.of(functions, surroundings)).toBeDefined();
});
