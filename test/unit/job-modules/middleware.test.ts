/** Middleware: what is rejected, in which order hooks run around a job, and whose error counts. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TsworkerError } from '../../../src/errors.js';
import type { JobContext } from '../../../src/job.js';
import { compose } from '../../../src/job-modules/compose.js';
import { configProgram } from '../../../src/job-modules/config-program.js';
import { timeoutOf, withTimeout } from '../../../src/job-modules/deadline.js';
import { register } from '../../../src/job-modules/global-registrations.js';
import { runSetup, runTeardown } from '../../../src/job-modules/hooks.js';
import { job } from '../../../src/job-modules/job.js';
import { loadJobs } from '../../../src/job-modules/load.js';
import { defineMiddleware, layersOf } from '../../../src/job-modules/middleware.js';
import { Cancel, Discard, RetryIn } from '../../../src/job-modules/verdicts.js';
import type { Middleware } from '../../../src/middleware.js';
import { unreadable } from '../../support/unreadable.js';
import { folderWith } from './folder.js';

/** What the hooks did, for modules that are written as text too. */
const shared = globalThis as typeof globalThis & { trace?: string[] };
const self = async () => ({ defineMiddleware, register, job, Discard });

/** A context with a log that keeps what was logged. */
function context(): { job: JobContext; logged: string[] } {
  const logged: string[] = [];
  const log = { error: ({ err }: { err: Error }, text: string) => logged.push(`${text}: ${err.message}`) };
  return { job: { log, class: 'J', queue: 'q', args: [1] } as unknown as JobContext, logged };
}

async function run(fn: (...args: never[]) => unknown, ...middleware: readonly Middleware[]) {
  const { job: given, logged } = context();
  const composed = compose(
    fn as never,
    middleware.map((hooks, i) => ({ origin: `m${i}`, hooks })),
  );
  const outcome = await (async () => composed.call(given, 'q', ...([1] as never[])))().then(
    (value: unknown) => ({ value }),
    (thrown: unknown) => ({ thrown }),
  );
  return { ...outcome, logged };
}

async function refusal(action: () => unknown): Promise<TsworkerError> {
  try {
    await action();
  } catch (error) {
    if (error instanceof TsworkerError && error.code === 'JOBS') return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('what is refused', () => {
  test.each<[unknown, string, string]>([
    [5, 'middleware must be an object of hooks, not a value of type number', 'defineMiddleware({'],
    [null, 'not null', 'defineMiddleware({'],
    ['around', 'not "around"', 'defineMiddleware({'],
    [() => {}, 'not a value of type function', 'defineMiddleware({'],
    [{ around: true }, 'the hook around must be a function, not a value of type boolean', 'defineMiddleware({'],
    [{ around_perform: () => {} }, 'there is no hook "around_perform"', 'Did you mean around?'],
    [{ before_perform_log: () => {} }, 'there is no hook "before_perform_log"', 'Did you mean beforePerform?'],
    [{ on_failure: () => {} }, 'there is no hook "on_failure"', 'Did you mean onFailure?'],
    [{ onfailure: () => {} }, 'there is no hook "onfailure"', 'Did you mean onFailure?'],
    [{ perform: () => {} }, 'there is no hook "perform"', 'The hooks are setup, teardown, around, beforePerform'],
    [{ constructor: () => {} }, 'there is no hook "constructor"', 'The hooks are'],
  ])('%j', async (given, message, hint) => {
    for (const define of [() => defineMiddleware(given as Middleware), () => layersOf(given, 'jobs/_middleware.ts')]) {
      const error = await refusal(define);
      expect(error.message).toContain(message);
      expect(error.hint).toContain(hint);
    }
    await expect(refusal(() => layersOf([{}, given], 'jobs/_middleware.ts'))).resolves.toMatchObject({
      message: expect.stringContaining('jobs/_middleware.ts[1]: '),
    });
  });

  test.each<[string, Record<string, string>, string, string]>([
    [
      'two in a folder',
      { '_middleware.js': '', '_middleware.ts': '' },
      'a folder has one middleware file',
      'Remove one',
    ],
    ['JSX', { '_middleware.tsx': '' }, '_middleware.tsx: modules with JSX are not read', 'Name it _middleware.ts.'],
    ['no default export', { '_middleware.ts': 'export const around = 1;' }, 'exports no middleware', 'default export'],
    [
      'no hooks',
      { '_middleware.ts': 'export default { around: 1 };' },
      '_middleware.ts: the hook around must be',
      'For example',
    ],
    [
      'a job',
      { '_middleware.ts': `import { register } from 'tsworker'; register('X', () => 1); export default {};` },
      '_middleware.ts registers a job',
      'in a job module',
    ],
    [
      'an error at its import',
      { '_middleware.ts': `throw new Error('no database');` },
      'does not load: no database',
      'Correct the module',
    ],
  ])('a middleware file: %s', async (_, files, message, hint) => {
    const folder = await folderWith({ 'a.ts': 'export const A = () => 1;', ...files });
    const error = await refusal(() => loadJobs([folder], { self }));
    expect(error.message).toContain(message);
    expect(error.hint).toContain(hint);
    // The check goes on with the other modules, and is told of the file once for all that it covers.
    const problems = new Set<unknown>();
    const more = await folderWith({
      'a.ts': 'export const A = () => 1;',
      'b.ts': 'export const B = () => 1;',
      ...files,
    });
    await loadJobs([more], { self, onProblem: (problem) => problems.add(problem) });
    expect(problems.size).toBe(1);
  });

  test('in the configuration: a file that has something else there', async () => {
    const folder = await folderWith({ 'tsworker.config.ts': 'export default { middleware: { arround() {} } };' });
    const error = await refusal(() => configProgram(`${folder}/tsworker.config.ts`, self));
    expect(error.message).toMatch(/middleware in .*tsworker\.config\.ts: there is no hook "arround"/);
  });
});

const TRACING = (name: string) => `
  const say = (text) => globalThis.trace.push('${name} ' + text);
  export default {
    setup() { say('setup'); },
    teardown() { say('teardown'); },
    async around(job, next) { say('around ' + job.class); await next(); say('back'); },
    beforePerform() { say('before'); },
    afterPerform() { say('after'); },
  };`;

describe('order', () => {
  test('the configuration, the folders from outside in, the job, and outward again; setup and teardown alike', async () => {
    shared.trace = [];
    const folder = await folderWith({
      'tsworker.config.mjs': TRACING('config')
        .replace('export default {', 'const middleware = {')
        .concat('export default { middleware: [middleware] };'),
      'jobs/_middleware.mjs': TRACING('jobs'),
      'jobs/plain.mjs': `export const setup = () => globalThis.trace.push('plain setup');
        export const Plain = () => globalThis.trace.push('Plain');`,
      'jobs/mail/_middleware.ts': TRACING('mail'),
      'jobs/mail/deep/deep.mjs': `export const Deep = () => globalThis.trace.push('Deep');`,
    });
    const files: string[] = [];
    const { middleware } = await configProgram(`${folder}/tsworker.config.mjs`, self);
    const onMiddleware = (file: string, hooks: readonly string[]) => void files.push(`${file} ${hooks.length}`);
    const modules = await loadJobs([`${folder}/jobs`], { self, middleware, onMiddleware });
    expect(files).toEqual([`${folder}/jobs/_middleware.mjs 5`, `${folder}/jobs/mail/_middleware.ts 5`]);
    const call = (name: string) => modules.functions.get(name)?.fn.call({ class: name } as JobContext, 'q');
    await runSetup(modules, {} as never);
    expect(shared.trace).toEqual(['config setup', 'jobs setup', 'mail setup', 'plain setup']);
    shared.trace = [];
    await call('Deep');
    const around = (name: string, inner: string[]) => [
      ...[`${name} before`, `${name} around Deep`],
      ...inner,
      ...[`${name} back`, `${name} after`],
    ];
    expect(shared.trace).toEqual(around('config', around('jobs', around('mail', ['Deep']))));
    shared.trace = [];
    await call('Plain');
    expect(shared.trace.filter((line) => line.startsWith('mail'))).toEqual([]);
    shared.trace = [];
    await runTeardown(modules);
    expect(shared.trace).toEqual(['mail teardown', 'jobs teardown', 'config teardown']);
  });

  test('a module that is named itself has the middleware of its folder; what the program registers, the configuration', async () => {
    const folder = await folderWith({
      'jobs/_middleware.mjs': 'export default { onFailure() {} };',
      'jobs/a.mjs': 'export const A = () => 1;',
      'jobs/_middleware/b.mjs': 'export const B = () => 1;',
    });
    const given = layersOf({ onDiscard() {} }, 'the settings');
    const { functions } = await loadJobs([`${folder}/jobs/a.mjs`, `${folder}/jobs`], { self, middleware: given });
    expect(functions.get('A')?.layers.map(({ origin }) => origin)).toEqual([
      'the settings',
      `${folder}/jobs/_middleware.mjs`,
    ]);
    functions.add({ class: 'Own', fn: () => 1 }, 'this program');
    expect(functions.get('Own')?.layers).toEqual(given);
    expect(functions.classes).toEqual(['A', 'Own']);
  });
});

describe('what it costs', () => {
  test('without middleware, or with none that runs with the job, the registered function is the very same object', async () => {
    const fn = () => 1;
    expect(compose(fn, [])).toBe(fn);
    const told = layersOf({ onFailure() {}, onDiscard() {}, setup() {} }, 'x');
    expect(compose(fn, told)).toBe(fn);
    const folder = await folderWith({
      'a.mjs': 'globalThis.same = export_; export function export_() {}; export { export_ as A };',
    });
    const { functions } = await loadJobs([folder], { self });
    expect(functions.get('A')?.fn).toBe((globalThis as { same?: unknown }).same);
  });

  test('a time limit of its own stays with the function', () => {
    const composed = compose(
      withTimeout(() => 1, 500),
      layersOf({ beforePerform() {} }, 'x'),
    );
    expect(timeoutOf(composed)).toBe(500);
  });
});

describe('whose error counts', () => {
  const boom = new Error('boom');
  const fails = () => Promise.reject(boom);
  const works = () => 'result';

  test('around gets what the job returned', async () => {
    let seen: unknown;
    const outer: Middleware = {
      async around(_job, next) {
        seen = await next();
      },
    };
    const inner: Middleware = { around: (_job, next) => next() };
    expect(await run(works, outer, inner)).toMatchObject({ value: undefined, logged: [] });
    expect(seen).toBe('result');
  });

  test('the error of a hook never replaces that of the job, and is logged', async () => {
    const hook: Middleware = {
      async around(_job, next) {
        try {
          await next();
        } catch {
          throw new Error('of the hook');
        }
      },
      afterPerform: () => expect.unreachable('after success only'),
    };
    expect(await run(fails, {}, hook)).toEqual({
      thrown: boom,
      logged: ['the hook around of m1 threw an error: of the hook'],
    });
    const finallyThrows: Middleware = {
      async around(_job, next) {
        try {
          return await next();
        } finally {
          // biome-ignore lint/correctness/noUnsafeFinally: hooks do that
          throw new Error('of the hook');
        }
      },
    };
    expect((await run(fails, finallyThrows)).logged).toHaveLength(1);
  });

  test.each([new Discard('gone'), new Cancel('no'), new RetryIn(5)])(
    'a decision about the job is taken: %s',
    async (verdict) => {
      const around: Middleware['around'] = async (_job, next) => {
        await next().catch(() => {
          throw verdict;
        });
      };
      expect(await run(fails, { around })).toEqual({ thrown: verdict, logged: [] });
      expect(await run(works, { beforePerform: () => Promise.reject(verdict) })).toEqual({
        thrown: verdict,
        logged: [],
      });
    },
  );

  test('what around or beforePerform throws before the job, and around after its success, fails it', async () => {
    let ran = 0;
    const counts = () => void ran++;
    expect(await run(counts, { beforePerform: fails })).toEqual({ thrown: boom, logged: [] });
    expect(await run(counts, { around: fails })).toEqual({ thrown: boom, logged: [] });
    expect(ran).toBe(0);
    const commit: Middleware['around'] = async (_job, next) => {
      await next();
      throw boom;
    };
    const afterPerform = () => expect.unreachable('it did not succeed');
    expect(await run(counts, { afterPerform }, { around: commit })).toEqual({ thrown: boom, logged: [] });
    expect(ran).toBe(1);
  });

  test('what afterPerform throws is logged: the job has been done', async () => {
    expect(await run(works, {}, { afterPerform: fails })).toEqual({
      value: 'result',
      logged: ['the hook afterPerform of m1 threw an error: boom'],
    });
  });

  test('around may catch the error: the job is processed then, but afterPerform is not called', async () => {
    const around: Middleware['around'] = (_job, next) => next().catch(() => 'caught');
    const afterPerform = () => expect.unreachable('it did not succeed');
    expect(await run(fails, { around, afterPerform })).toEqual({ value: 'caught', logged: [] });
  });

  test('next that is not called fails the job; called twice, the job runs once', async () => {
    let ran = 0;
    const counts = () => void ran++;
    expect(await run(counts, { around: () => {} })).toMatchObject({
      thrown: { message: expect.stringContaining('the around hook of m0 did not call next()') },
    });
    expect(ran).toBe(0);
    const twice: Middleware['around'] = async (_job, next) => {
      await next();
      await next();
    };
    expect(await run(counts, { around: twice })).toMatchObject({
      thrown: { message: expect.stringContaining('next() was called twice') },
    });
    expect(ran).toBe(1);
  });

  test('a hook that does not wait for the job does not end it', async () => {
    let ended = false;
    const slow = async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      ended = true;
    };
    expect(await run(slow, { around: (_job, next) => void next() })).toMatchObject({ logged: [] });
    expect(ended).toBe(true);
    const late = async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      throw boom;
    };
    expect(await run(late, { around: (_job, next) => void next() })).toEqual({ thrown: boom, logged: [] });
    const impatient: Middleware['around'] = (_job, next) => {
      void next();
      throw new Error('too slow');
    };
    expect(await run(late, { around: impatient })).toEqual({
      thrown: boom,
      logged: ['the hook around of m0 threw an error: too slow'],
    });
  });

  test.each(Object.entries(unreadable))('a hook that throws what cannot be read (%s) is logged', async (_, make) => {
    const thrown = make();
    const { logged } = await run(works, { afterPerform: () => Promise.reject(thrown) });
    expect(logged).toHaveLength(1);
  });

  const act = fc.constantFrom('absent', 'fine', 'throws', 'throwsAfter', 'catches', 'forgets');
  const layer = fc.record({
    around: act,
    before: fc.constantFrom('absent', 'fine', 'throws'),
    after: fc.constantFrom('absent', 'fine', 'throws'),
  });

  test('property: the job runs once at most, hooks are balanced, and its own error is never replaced', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(layer, { maxLength: 5 }), fc.boolean(), async (layers, jobFails) => {
        const trace: string[] = [];
        const middleware = layers.map(({ around, before, after }, i): Middleware => {
          const hook = (what: string, how: string) => () => {
            trace.push(`${what}${i}`);
            if (how === 'throws') throw new Error(`${what}${i}`);
          };
          return {
            ...(before === 'absent' ? {} : { beforePerform: hook('before', before) }),
            ...(after === 'absent' ? {} : { afterPerform: hook('after', after) }),
            ...(around === 'absent' ? {} : { around: aroundOf(around, i, trace) }),
          };
        });
        const result = await run(
          () => {
            trace.push('job');
            if (jobFails) throw boom;
          },
          ...middleware,
        );
        const ran = trace.filter((line) => line === 'job').length;
        expect(ran).toBeLessThanOrEqual(1);
        const blocked = layers.some(
          ({ around, before }) => before === 'throws' || around === 'throws' || around === 'forgets',
        );
        if (blocked) expect(ran).toBe(0);
        else expect(ran).toBe(1);
        const caught = layers.some(({ around }) => around === 'catches');
        if (ran === 1 && jobFails && !caught) expect(result).toMatchObject({ thrown: boom });
        if (ran === 1 && !jobFails && layers.every(({ around }) => around !== 'throwsAfter'))
          expect(result).not.toHaveProperty('thrown');
        const entered = trace.filter((line) => line.startsWith('in')).map((line) => line.slice(2));
        const left = trace.filter((line) => line.startsWith('out')).map((line) => line.slice(3));
        expect(left).toEqual(entered.toReversed());
      }),
      { numRuns: 300 },
    );
  });

  function aroundOf(how: string, i: number, trace: string[]): NonNullable<Middleware['around']> {
    return async (_job, next) => {
      trace.push(`in${i}`);
      try {
        if (how === 'throws') throw new Error(`around${i}`);
        if (how === 'forgets') return;
        if (how === 'catches') await next().catch(() => {});
        else await next();
        if (how === 'throwsAfter') throw new Error(`around${i}`);
      } finally {
        trace.push(`out${i}`);
      }
    };
  }
});
