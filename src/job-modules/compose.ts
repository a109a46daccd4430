/**
 * A job's function with the hooks of its middleware around it, composed once when it is registered. In each layer, as in
 * Ruby: `beforePerform`, then `around` with everything further inside, then `afterPerform`.
 */
import type { JobContext, JobFunction } from '../job.js';
import type { Layer, Middleware } from '../middleware.js';
import { asError } from '../thrown.js';
import { timeoutOf, withTimeout } from './deadline.js';
import { verdictOf } from './verdicts.js';

type Next = () => Promise<unknown>;

/**
 * @param layers the outermost first
 * @returns the function itself if no layer has a hook that runs with the job: it costs nothing then
 */
export function compose(fn: JobFunction, layers: readonly Layer[]): JobFunction {
  const around = layers.filter(({ hooks }) => hooks.around ?? hooks.beforePerform ?? hooks.afterPerform);
  if (around.length === 0) return fn;
  const composed = function (this: JobContext, queue: string, ...args: never[]): Promise<unknown> {
    const job: Next = async () => await fn.call(this, queue, ...args);
    return around.reduceRight((next: Next, layer) => () => runLayer(layer, this, next), job)();
  };
  return withTimeout(composed, timeoutOf(fn));
}

async function runLayer({ origin, hooks }: Layer, job: JobContext, next: Next): Promise<unknown> {
  await hooks.beforePerform?.(job);
  const inner = new Inner(next);
  const result = hooks.around === undefined ? await inner.run() : await runAround(hooks, job, inner, origin);
  if (inner.state === 'succeeded' && hooks.afterPerform !== undefined)
    await logged(job, origin, 'afterPerform', () => hooks.afterPerform?.(job));
  return result;
}

async function runAround(hooks: Middleware, job: JobContext, inner: Inner, origin: string): Promise<unknown> {
  let result: unknown;
  try {
    result = await hooks.around?.(job, () => inner.run());
  } catch (thrown) {
    await inner.promise?.catch(() => {});
    // Its own error must not hide the job's; a verdict is a decision about it.
    if (inner.state !== 'failed' || thrown === inner.error || verdictOf(thrown) !== undefined) throw thrown;
    reportHook(job, origin, 'around', thrown);
    throw inner.error;
  }
  if (inner.state === 'new')
    throw new Error(
      `the around hook of ${origin} did not call next(), so the job did not run (throw Discard to skip it)`,
    );
  // A hook that did not wait for the job has not seen how it ended, and decides nothing.
  if (inner.state === 'running') await inner.promise;
  return result;
}

/** What is inside a layer. Runs once. */
class Inner {
  state: 'new' | 'running' | 'succeeded' | 'failed' = 'new';
  error: unknown;
  promise: Promise<unknown> | undefined;
  readonly #next: Next;

  constructor(next: Next) {
    this.#next = next;
  }

  run(): Promise<unknown> {
    if (this.promise !== undefined) return Promise.reject(new Error('next() was called twice: a job runs once'));
    this.state = 'running';
    this.promise = this.#run();
    // A hook may ignore it; it is looked at in any case.
    this.promise.catch(() => {});
    return this.promise;
  }

  async #run(): Promise<unknown> {
    try {
      const result = await this.#next();
      this.state = 'succeeded';
      return result;
    } catch (thrown) {
      this.state = 'failed';
      this.error = thrown;
      throw thrown;
    }
  }
}

/** Runs a hook whose errors change nothing. */
export async function logged(
  job: Pick<JobContext, 'log'>,
  origin: string,
  hook: string,
  run: () => unknown,
): Promise<void> {
  try {
    await run();
  } catch (thrown) {
    reportHook(job, origin, hook, thrown);
  }
}

function reportHook({ log }: Pick<JobContext, 'log'>, origin: string, hook: string, thrown: unknown): void {
  log.error({ err: asError(thrown), middleware: origin, hook }, `the hook ${hook} of ${origin} threw an error`);
}
