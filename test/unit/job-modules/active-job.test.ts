/** ActiveJob jobs: which function runs them, with which arguments, and how they are enqueued. */
import fc from 'fast-check';
import { pino } from 'pino';
import { afterEach, describe, expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { DeserializationError } from '../../../src/active-job/errors.js';
import { type GlobalId, gid } from '../../../src/active-job/global-id.js';
import { keywords, symbolKeys } from '../../../src/active-job/hashes.js';
import { type BigDecimal, type RubyDate, RubySymbol, symbol } from '../../../src/active-job/values.js';
import { Run } from '../../../src/engine/run.js';
import { TsworkerError } from '../../../src/errors.js';
import type { JobFunction, RetryState } from '../../../src/job.js';
import { type ActiveJobContext, activeJob } from '../../../src/job-modules/active-job.js';
import { enqueueActiveJob, type NewActiveJob } from '../../../src/job-modules/enqueue-active-job.js';
import { readExports } from '../../../src/job-modules/exports.js';
import { createJudge } from '../../../src/job-modules/judge.js';
import { createPerform, type PerformOptions } from '../../../src/job-modules/perform.js';
import { FunctionRegistry } from '../../../src/job-modules/registry.js';
import { retryPolicy } from '../../../src/job-modules/retry-policy.js';
import { type OutgoingJob, setSender } from '../../../src/job-modules/sender.js';
import { Discard } from '../../../src/job-modules/verdicts.js';
import { encodePayload } from '../../../src/resque/codec.js';
import { WRAPPER } from '../../../src/resque/wrapper.js';
import { asJobError } from '../../../src/thrown.js';

const log = pino({ enabled: false });
const workerId = (slot: number) => `host.ts:1-${slot}:q`;
const wrapper = (...args: unknown[]) => encodePayload(WRAPPER, args);
const wrapped = (jobClass: unknown, args: unknown = [], more: object = {}) =>
  wrapper({ job_class: jobClass, arguments: args, ...more });
const USER = { _aj_globalid: 'gid://shop/User/42' };
const PDF = { _aj_serialized: 'ActiveJob::Serializers::SymbolSerializer', value: 'pdf' };

function registry(exports: Record<string, unknown>): FunctionRegistry {
  const functions = new FunctionRegistry();
  for (const definition of readExports(exports, 'jobs/a.ts').functions) functions.add(definition, 'jobs/a.ts');
  return functions;
}

function runOf(payload: string, retry?: RetryState): Run {
  return new Run({ slot: 0, token: 't', queue: 'q', payload: Buffer.from(payload), strict: true, retry }, 0, () => {});
}

function perform(functions: FunctionRegistry, run: Run | string, options: Partial<PerformOptions> = {}): unknown {
  const all = { timeoutMs: 0, functions, useNumber: true, workerId, log, flags: {}, attempts: 1, ...options };
  return createPerform(all)(typeof run === 'string' ? runOf(run) : run);
}

/** The error that it ends with. */
async function failure(functions: FunctionRegistry, payload: string): Promise<Error> {
  try {
    await perform(functions, payload);
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not fail');
}

const collect: JobFunction = (...all: unknown[]) => all;

describe('a wrapped job', () => {
  test('is run by the function of its own class: a plain export, with its arguments decoded', () => {
    const functions = registry({ InvoiceJob: collect });
    const run = runOf(wrapped('InvoiceJob', [USER, 2n ** 64n, { format: PDF, _aj_ruby2_keywords: ['format'] }]));
    expect(perform(functions, run)).toEqual(['q', gid('shop', 'User', 42), 2n ** 64n, { format: 'pdf' }]);
    expect(run.class).toBe('InvoiceJob');
  });

  test('of a class in a Ruby module likewise, also where a decoder of the modules read it', () => {
    const functions = registry({ 'Mail::InvoiceJob': collect });
    expect(perform(functions, wrapped('Mail::InvoiceJob', [1]))).toEqual(['q', 1]);
    const decoder = () => ({ class: WRAPPER, args: [{ job_class: 'Mail::InvoiceJob', arguments: [PDF] }] });
    expect(perform(functions, 'anything', { decoder })).toEqual(['q', 'pdf']);
  });

  test.each([
    ['absent', {}],
    ['null', { arguments: null }],
  ])('has no arguments where they are %s', (_what, rest) => {
    expect(perform(registry({ A: collect }), wrapper({ job_class: 'A', ...rest }))).toEqual(['q']);
  });

  test('goes to a function of the wrapper itself where its own class has none', () => {
    const functions = registry({ [WRAPPER]: collect, InvoiceJob: collect });
    const hash = { job_class: 'Other', arguments: [PDF] };
    const run = runOf(wrapper(hash));
    expect(perform(functions, run)).toEqual(['q', hash]);
    expect(run.class).toBe(WRAPPER);
    expect(perform(functions, wrapper(1))).toEqual(['q', 1]);
    expect(perform(functions, wrapped('InvoiceJob', [PDF]))).toEqual(['q', 'pdf']);
  });

  test('tells what Rails wrote, and counts its runs on', () => {
    const functions = registry({
      A(this: ActiveJobContext) {
        return { ...this.activeJob, class: this.class, args: this.args };
      },
    });
    const hash = {
      ...{ job_id: 'bc430c10', queue_name: 'mailers', priority: 5, executions: 2, locale: 'de' },
      ...{ timezone: 'Europe/Moscow', exception_executions: { '[Net::OpenTimeout]': 1, odd: 'x' }, own: [1] },
      ...{ enqueued_at: '2026-11-24T03:24:12.942807221Z', scheduled_at: null },
    };
    const retry = { id: 'i', attempt: 3, postponed: 0, firstFailedAt: undefined, errors: [] };
    expect(perform(functions, runOf(wrapped('A', [PDF], hash), retry))).toEqual({
      ...{ class: 'A', args: ['pdf'], jobId: 'bc430c10', queueName: 'mailers', priority: 5, executions: 5 },
      ...{ exceptionExecutions: { '[Net::OpenTimeout]': 1 }, locale: 'de', timezone: 'Europe/Moscow' },
      ...{ enqueuedAt: new Date('2026-11-24T03:24:12.942Z'), scheduledAt: undefined },
      data: { job_class: 'A', arguments: [PDF], ...hash },
    });
  });

  test('is nothing that a job of another producer would see', () => {
    const see = function (this: ActiveJobContext) {
      return this.activeJob;
    };
    expect(perform(registry({ A: see }), '{"class":"A","args":[]}')).toBeUndefined();
    const typed = activeJob({ class: 'A', perform: see });
    expect(perform(registry({ typed }), '{"class":"A","args":[]}')).toMatchObject({ jobId: undefined, executions: 1 });
  });

  test('leaves the cost of a plain job alone: no promise where nothing is late', () => {
    expect(perform(registry({ A: () => 'value' }), wrapped('A', [USER]))).toBe('value');
  });
});

describe('a job that cannot be run', () => {
  const known = registry({ A: collect });

  test.each([
    ['an unknown job_class', wrapped('Gone'), 'ActiveJob::UnknownJobClassError', "class `Gone` doesn't exist"],
    ['the name of a builtin', wrapped('constructor'), 'ActiveJob::UnknownJobClassError', 'class `constructor`'],
    ['no job_class', wrapper({ arguments: [] }), 'ArgumentError', 'it names no job_class'],
    ['a job_class that is no text', wrapped(7), 'ArgumentError', 'it names no job_class'],
    ['no hash', wrapper(), 'ArgumentError', 'it has no object as its argument'],
    ['a list for a hash', wrapper([]), 'ArgumentError', 'it has no object as its argument'],
    [
      'an unknown serializer',
      wrapped('A', [{ _aj_serialized: 'X' }]),
      'ActiveJob::DeserializationError',
      'Serializer X',
    ],
    ['arguments that are no list', wrapped('A', { a: 1 }), 'ActiveJob::DeserializationError', 'an object, not a list'],
  ])('%s', async (_what, payload, name, message) => {
    const run = runOf(payload);
    let thrown: unknown;
    try {
      perform(known, run);
    } catch (error) {
      thrown = error;
    }
    const error = asJobError(thrown);
    expect(error.name).toBe(name);
    expect(error.message).toContain(message);
    const judge = createJudge({ functions: known, retry: retryPolicy(5, 'test'), workerId, log });
    expect(judge(run, thrown, error).kind).toBe('failed');
  });

  test('any arguments fail it with a documented error, or call the function', async () => {
    const json = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 4 },
        fc.jsonValue(),
        fc.dictionary(fc.constantFrom('_aj_serialized', '_aj_globalid', 'job_class', 'arguments', 'value'), tie('any')),
        fc.array(tie('any')),
      ),
    })).any;
    await fc.assert(
      fc.asyncProperty(json, json, async (args, hash) => {
        for (const payload of [wrapped('A', args), wrapper(hash), wrapper(hash, args)]) {
          const error = await failure(known, payload).catch(() => undefined);
          if (error !== undefined) expect(error).toBeInstanceOf(TsworkerError);
        }
      }),
    );
  });
});

describe('activeJob()', () => {
  interface User {
    readonly name: string;
  }
  const load = (id: GlobalId) => (id.id === '42' ? { name: 'Ada' } : undefined);

  test('loads records, and hands keyword arguments over as the last object', async () => {
    const invoice = activeJob<[User, { format: string }]>({
      class: 'InvoiceJob',
      globalId: async (id) => load(id),
      async perform(user, { format }) {
        return [user.name, format, this.activeJob.jobId, this.args];
      },
    });
    const given = [USER, { format: PDF, _aj_ruby2_keywords: ['format'] }];
    const result = perform(registry({ invoice }), wrapped('InvoiceJob', given, { job_id: 'j' }));
    expect(await result).toEqual(['Ada', 'pdf', 'j', [{ name: 'Ada' }, { format: 'pdf' }]]);
  });

  test('the resolver sees the context of the job, and may decide how it ends', async () => {
    const ids: string[] = [];
    const seen = activeJob({
      class: 'A',
      globalId(id) {
        ids.push(`${this.class} ${this.queue} ${this.attempt} ${id}`);
        throw new Discard('the user is gone');
      },
      perform() {},
    });
    expect(await failure(registry({ seen }), wrapped('A', [USER]))).toBeInstanceOf(Discard);
    expect(ids).toEqual(['A q 1 gid://shop/User/42']);
  });

  test('a record that is not there may be there the next time; bytes that nobody can read are not', async () => {
    const job = activeJob({ class: 'A', globalId: load, retry: 3, perform() {} });
    const functions = registry({ job });
    const judge = createJudge({ functions, retry: retryPolicy(1, 'test'), workerId, log });
    const ends = async (payload: string) => {
      const error = await failure(functions, payload);
      expect(error).toBeInstanceOf(DeserializationError);
      const run = runOf(payload);
      run.class = 'A';
      return judge(run, error, asJobError(error)).kind;
    };
    expect(await ends(wrapped('A', [{ _aj_globalid: 'gid://shop/User/7' }]))).toBe('retry');
    expect(await ends(wrapped('A', [{ _aj_globalid: 'User/7' }]))).toBe('failed');
  });

  test('a stopped job is put back, though its resolver was stopped with it', async () => {
    const job = activeJob({
      class: 'A',
      globalId() {
        const { signal } = this;
        return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
      perform() {},
    });
    const outcomes: string[] = [];
    const claim = { slot: 0, token: 't', queue: 'q', payload: Buffer.from(wrapped('A', [USER])), strict: true };
    const run = new Run(claim, 0, (_run, { kind }) => outcomes.push(kind));
    const functions = registry({ job });
    run.perform(createPerform({ timeoutMs: 0, functions, useNumber: true, workerId, log, flags: {}, attempts: 1 }));
    run.abort(new Error('stopping'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(outcomes).toEqual(['requeue']);
  });

  test('the limit of the job holds for its resolver too', async () => {
    const job = activeJob({ class: 'A', timeout: 0.01, globalId: () => new Promise(() => {}), perform() {} });
    const kinds = await new Promise((resolve) => {
      const claim = { slot: 0, token: 't', queue: 'q', payload: Buffer.from(wrapped('A', [USER])), strict: true };
      const run = new Run(claim, 0, (_run, outcome) => resolve(outcome));
      const functions = registry({ job });
      run.perform(createPerform({ timeoutMs: 0, functions, useNumber: true, workerId, log, flags: {}, attempts: 1 }));
    });
    expect(kinds).toMatchObject({ kind: 'failed', error: { name: 'TimeoutError' } });
  });

  test('a job that has ended while its records were loaded is not run any more', async () => {
    const calls: string[] = [];
    let loaded: (record: unknown) => void = () => {};
    const record = new Promise((resolve) => {
      loaded = resolve;
    });
    const job = activeJob({ class: 'A', globalId: () => record, perform: () => void calls.push('performed') });
    const claim = { slot: 0, token: 't', queue: 'q', payload: Buffer.from(wrapped('A', [USER])), strict: true };
    const run = new Run(claim, 0, (_run, { kind }) => void calls.push(kind));
    const functions = registry({ job });
    run.perform(createPerform({ timeoutMs: 0, functions, useNumber: true, workerId, log, flags: {}, attempts: 1 }));
    run.expire(new Error('too late'));
    loaded({});
    await new Promise((resolve) => setImmediate(resolve));
    expect(calls).toEqual(['failed']);
  });

  test('a schema checks the arguments as decoded', async () => {
    const job = activeJob({
      class: 'A',
      args: z.tuple([z.number(), z.object({ format: z.enum(['pdf', 'html']) })]),
      perform: (count, { format }) => {
        expectTypeOf(format).toEqualTypeOf<'pdf' | 'html'>();
        return [count, format];
      },
    });
    const functions = registry({ job });
    expect(perform(functions, wrapped('A', [1, { format: PDF, _aj_symbol_keys: ['format'] }]))).toEqual([1, 'pdf']);
    const error = await failure(functions, wrapped('A', ['x', {}]));
    expect(error).toMatchObject({ name: 'ArgumentsError', code: 'PAYLOAD' });
  });

  test('exact keeps symbols what they are', () => {
    const job = activeJob({ class: 'A', exact: true, perform: (format: RubySymbol) => format });
    expect(perform(registry({ job }), wrapped('A', [PDF]))).toEqual(new RubySymbol('pdf'));
  });

  test.each([
    [{ class: '' }, 'job() needs a class'],
    [{ class: 'A', perform: 1 }, 'job() of A needs a perform function'],
    [{ class: 'A', perform() {}, globalId: {} }, 'activeJob() of A: globalId must be a function'],
    [{ class: 'A', perform() {}, serializers: { Money: 1 } }, 'activeJob() of A: Money must be a function'],
  ])('%j is refused', (definition, message) => {
    expect(() => activeJob(definition as never)).toThrow(message);
  });
});

describe('enqueueing', () => {
  afterEach(() => setSender(undefined));

  function recordSent(at?: Date): (OutgoingJob & { data: Record<string, unknown> })[] {
    const sent: (OutgoingJob & { data: Record<string, unknown> })[] = [];
    setSender(async (job) => {
      sent.push({ ...job, data: job.args[0] as Record<string, unknown> });
      return at === undefined ? { status: 'enqueued' } : { status: 'delayed', at };
    });
    return sent;
  }

  test('writes all that Rails writes', async () => {
    const sent = recordSent();
    const args = [gid('shop', 'User', 42), new Date(0)];
    const job = { class: 'InvoiceJob', queue: 'mailers', arguments: args, keywords: { format: symbol('pdf') } };
    const { jobId, ...result } = await enqueueActiveJob(job);
    expect(result).toEqual({ status: 'enqueued' });
    expect(jobId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    const [{ data, ...outgoing }] = sent;
    expect(outgoing).toMatchObject({ queue: 'mailers', class: WRAPPER });
    const time = { _aj_serialized: 'ActiveJob::Serializers::TimeSerializer', value: '1970-01-01T00:00:00.000000000Z' };
    expect(Object.entries(data)).toEqual([
      ['job_class', 'InvoiceJob'],
      ['job_id', jobId],
      ['provider_job_id', null],
      ['queue_name', 'mailers'],
      ['priority', null],
      ['arguments', [USER, time, { format: PDF, _aj_ruby2_keywords: ['format'] }]],
      ['executions', 0],
      ['exception_executions', {}],
      ['locale', null],
      ['timezone', null],
      ['enqueued_at', expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/)],
      ['scheduled_at', null],
    ]);
  });

  test('takes what Rails may say of a job, and delays it', async () => {
    const at = new Date('2030-01-02T03:04:05Z');
    const sent = recordSent(at);
    const more = { jobId: 'mine', priority: 7, locale: 'de', timezone: 'Europe/Moscow', expiresIn: 60 };
    expect(await enqueueActiveJob({ class: 'A', queue: 'q', at, ...more })).toEqual({
      status: 'delayed',
      at,
      jobId: 'mine',
    });
    await enqueueActiveJob({ class: 'A', queue: 'q', in: 60 });
    const [first, second] = sent;
    expect(first).toMatchObject({ expiresIn: 60, due: { at } });
    expect(first.data).toMatchObject({
      ...{ job_id: 'mine', priority: 7, locale: 'de', timezone: 'Europe/Moscow' },
      scheduled_at: '2030-01-02T03:04:05.000000000Z',
    });
    expect(second.due).toEqual({ inMs: 60_000 });
    const [enqueued, scheduled] = [second.data.enqueued_at, second.data.scheduled_at].map((time) =>
      Date.parse(String(time)),
    );
    expect(scheduled - enqueued).toBe(60_000);
  });

  test.each([
    [{ queue: 'q' }, 'the job has no class'],
    [{ class: 'A' }, 'enqueueActiveJob of A: the queue undefined cannot be used'],
    [{ class: 'A', queue: 'q', args: [] }, 'enqueueActiveJob of A: a job has no "args"'],
    [{ class: 'A', queue: 'q', arguments: 'x' }, 'arguments must be a list'],
    [{ class: 'A', queue: 'q', keywords: [] }, 'keywords must be an object'],
    [{ class: 'A', queue: 'q', priority: 1.5 }, 'priority must be an integer'],
    [{ class: 'A', queue: 'q', locale: 1 }, 'locale must be a text'],
    [{ class: 'A', queue: 'q', in: 1, at: new Date() }, 'either in or at, not both'],
    [{ class: 'A', queue: 'q', in: 'soon' }, 'seconds'],
    [{ class: 'A', queue: 'q', expiresIn: -1 }, 'expiresIn must be a number of seconds'],
    [{ class: 'A', queue: 'q', arguments: [new Map()] }, 'arguments[0] is an object of a class'],
    [null, 'takes a job'],
  ])('refuses %j', async (job, message) => {
    const sent = recordSent();
    await expect(enqueueActiveJob(job as unknown as NewActiveJob)).rejects.toThrow(message);
    expect(sent).toEqual([]);
  });

  const remind = activeJob({
    class: 'RemindJob',
    queue: 'mail',
    expiresIn: 30,
    args: z.tuple([z.number(), z.object({ format: z.string() }).optional()]),
    perform(_id, _options) {},
  });

  test('by the typed job, now and later, with the arguments as they were given', async () => {
    const at = new Date('2030-01-01T00:00:00Z');
    const sent = recordSent();
    await remind.enqueue(7, keywords({ format: symbol('pdf') }));
    await remind.enqueueIn(5, 7, symbolKeys({ format: 'pdf' }));
    await remind.enqueueAt(at, 7, undefined);
    expect(
      sent.map(({ queue, expiresIn, due, data }) => [queue, expiresIn, due, data.job_class, data.arguments]),
    ).toEqual([
      ['mail', 30, undefined, 'RemindJob', [7, { format: PDF, _aj_ruby2_keywords: ['format'] }]],
      ['mail', 30, { inMs: 5000 }, 'RemindJob', [7, { format: 'pdf', _aj_symbol_keys: ['format'] }]],
      ['mail', 30, { at }, 'RemindJob', [7]],
    ]);
  });

  test('a unique one is compared by its own arguments, or by what it says, its keywords last', async () => {
    const sent = recordSent();
    await enqueueActiveJob({ class: 'A', queue: 'q', arguments: [1], unique: true });
    const by = (...args: unknown[]) => args;
    await enqueueActiveJob({ class: 'A', queue: 'q', arguments: [1], keywords: { a: 2 }, unique: { by, ttl: 5 } });
    const typed = activeJob<[number]>({ class: 'A', queue: 'q', unique: { by: (id) => id + 1 }, perform() {} });
    await typed.enqueue(7);
    const [plain, keyed, own] = sent.map(({ unique }) => unique as { by: () => unknown });
    expect(plain).toBe(true);
    expect(keyed).toMatchObject({ ttl: 5 });
    expect(keyed.by()).toEqual([1, { a: 2 }]);
    expect(own.by()).toBe(8);
    const wrong = enqueueActiveJob({ class: 'A', queue: 'q', unique: 5 as never });
    await expect(wrong).rejects.toThrow('enqueueActiveJob of A: unique must be');
  });

  test('what its schema refuses is not sent, unless records would have to be loaded to know', async () => {
    const sent = recordSent();
    await expect(remind.enqueue('7' as never)).rejects.toThrow('wrong arguments for RemindJob: args[0]');
    const loading = activeJob({
      ...{ class: 'A', queue: 'q', globalId: () => ({ name: 'Ada' }) },
      args: z.tuple([z.object({ name: z.string() })]),
      perform(_user) {},
    });
    await expect(loading.enqueue({ name: 7 as never })).rejects.toThrow('wrong arguments for A');
    await loading.enqueue(gid('shop', 'User', 42));
    expect(sent.map(({ data }) => data.arguments)).toEqual([[USER]]);
    const nowhere = activeJob({ class: 'A', perform() {} });
    await expect(nowhere.enqueue()).rejects.toThrow('A has no queue to be enqueued to');
  });

  test('types: a record may be given by its GlobalID, a text as a symbol', () => {
    interface User {
      readonly name: string;
    }
    type Text<T extends string = string> = T | RubySymbol | RubyDate | BigDecimal;
    const typed = activeJob<[User, { format: string }, number[]]>({ class: 'A', perform(_user, _options, _ids) {} });
    expectTypeOf(typed.enqueue).parameters.toEqualTypeOf<
      [GlobalId | { readonly name: Text }, GlobalId | { readonly format: Text }, number[]]
    >();
    // @ts-expect-error a number for a text
    void (() => typed.enqueue(gid('shop', 'User', 1), { format: 1 }, [1]));
  });
});

test("a mailer's job, as Rails writes it, with parameters of the mailer", async () => {
  const format = { format: PDF, _aj_ruby2_keywords: ['format'] };
  const delivery = {
    params: { tenant: 'eu', _aj_symbol_keys: ['tenant'] },
    args: [USER, format],
    _aj_ruby2_keywords: ['params', 'args'],
  };
  const payload = wrapped('InvoiceDeliveryJob', ['InvoiceMailer', 'created', 'deliver_now', delivery]);
  const mailer = activeJob<[string, string, string, { args: unknown[]; params?: Record<string, unknown> }]>({
    class: 'InvoiceDeliveryJob',
    globalId: async (id) => `user ${id.id}`,
    perform: (mailerClass, action, _how, { args, params }) => [mailerClass, action, args, params],
  });
  const called = await perform(registry({ mailer }), payload);
  expect(called).toEqual(['InvoiceMailer', 'created', ['user 42', { format: 'pdf' }], { tenant: 'eu' }]);
});
