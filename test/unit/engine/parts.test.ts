/** The engine's parts, each by itself. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Lifecycle, type State } from '../../../src/engine/lifecycle.js';
import { Run } from '../../../src/engine/run.js';
import { Wake } from '../../../src/engine/wake.js';
import type { Claim, Outcome } from '../../../src/job.js';

function claim(slot: number, token = `t${slot}`): Claim {
  return { slot, token, queue: 'q', payload: Buffer.from('{}'), strict: true };
}

function runOf(slot = 0) {
  const outcomes: Outcome[] = [];
  const run = new Run(claim(slot), slot, (_run, outcome) => outcomes.push(outcome));
  return { run, outcomes };
}

describe('run', () => {
  test.each([
    ['a value', () => 5],
    ['a promise', async () => {}],
    // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested
    ['a thenable', () => ({ then: (resolve: () => void) => resolve() })],
    ['null', () => null],
  ])('%s is success', async (_, fn) => {
    const { run, outcomes } = runOf();
    run.perform(fn);
    await Promise.resolve();
    expect(outcomes).toEqual([{ kind: 'done' }]);
  });

  test('whatever is thrown becomes an Error that says what it was', () => {
    for (const thrown of [undefined, null, 'text', 5, { code: 'E' }, Symbol('s'), Object.create(null), 10n]) {
      const { run, outcomes } = runOf();
      run.perform(() => {
        throw thrown;
      });
      expect(outcomes).toEqual([{ kind: 'failed', error: expect.any(Error) }]);
    }
    const { run, outcomes } = runOf();
    run.fail({ code: 'E' });
    expect(outcomes).toMatchObject([{ error: { message: 'thrown: {"code":"E"}' } }]);
  });

  test('the first outcome wins', () => {
    const { run, outcomes } = runOf();
    run.release();
    run.fail(new Error('late'));
    run.settle({ kind: 'done' });
    expect(outcomes).toEqual([{ kind: 'requeue' }]);
    expect(run.settled).toBe(true);
  });

  test('the signal aborts, also when it is asked for afterwards', () => {
    const reason = new Error('stop');
    const early = runOf().run;
    const seen = early.signal;
    early.abort(reason);
    expect(seen.aborted && seen.reason).toBe(reason);
    const late = runOf().run;
    late.abort(reason);
    expect(late.signal.aborted && late.signal.reason).toBe(reason);
  });

  test('an error that the abort caused puts the job back, any other fails it', () => {
    const reason = new Error('stop');
    const named = Object.assign(new Error('The operation was aborted'), { name: 'AbortError' });
    for (const thrown of [reason, named, new Error('x', { cause: reason })]) {
      const { run, outcomes } = runOf();
      run.abort(reason);
      run.fail(thrown);
      expect(outcomes).toEqual([{ kind: 'requeue' }]);
    }
    const { run, outcomes } = runOf();
    run.fail(named);
    expect(outcomes).toMatchObject([{ kind: 'failed', error: { name: 'AbortError', message: named.message } }]);
  });
});

describe('wake', () => {
  test('a call while nobody waits is kept for the next wait, once', async () => {
    const wake = new Wake();
    wake.call();
    wake.call();
    expect(await wake.wait(60_000)).toBe('called');
    const waiting = wake.wait(60_000);
    wake.call();
    expect(await waiting).toBe('called');
    expect(await wake.wait(1)).toBe('timer');
  });
});

describe('lifecycle', () => {
  test('property: no way back, whatever is asked', () => {
    const states: State[] = ['new', 'running', 'quiet', 'stopped'];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...states)), (asked) => {
        const lifecycle = new Lifecycle();
        for (const state of asked) {
          const before = states.indexOf(lifecycle.state);
          const entered = lifecycle.enter(state);
          const after = states.indexOf(lifecycle.state);
          expect(after > before).toBe(entered);
        }
      }),
    );
  });

  test('a pause suspends claiming and nothing else', () => {
    const lifecycle = new Lifecycle();
    lifecycle.enter('running');
    lifecycle.suspend(true);
    expect([lifecycle.claiming, lifecycle.state]).toEqual([false, 'running']);
    lifecycle.suspend(false);
    expect(lifecycle.claiming).toBe(true);
  });
});
