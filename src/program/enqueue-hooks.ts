/** The hooks of middleware around enqueueing: `beforeEnqueue`, which may veto, and `afterEnqueue`. */
import { ownArgs } from '../inspect/payload.js';
import type { EnqueueResult } from '../job.js';
import type { EnqueuedJob, Layer } from '../middleware.js';
import type { Due } from '../resque/due.js';
import type { NewJob } from '../resque/enqueue.js';
import { ownClass } from '../resque/wrapper.js';
import { asError } from '../thrown.js';
import { program } from './state.js';

const VETOED: EnqueueResult = { status: 'vetoed' };

/** A job with the hooks that cover it, the outermost first. */
interface Covered {
  readonly job: NewJob;
  readonly shown: EnqueuedJob;
  readonly layers: readonly Layer[];
}

/**
 * Enqueues the jobs that no hook vetoes. Without hooks it only calls `push`.
 * @param push enqueues jobs, and returns what came of each
 * @returns what came of each. Rejects with what a `beforeEnqueue` throws: nothing is enqueued then
 */
export async function enqueueWithHooks(
  list: readonly NewJob[],
  due: Due | undefined,
  push: (jobs: readonly NewJob[]) => Promise<EnqueueResult[]>,
): Promise<EnqueueResult[]> {
  const covered = list.map((job): Covered => ({ job, shown: shownJob(job, due), layers: layersOf(job) }));
  if (covered.every(({ layers }) => layers.length === 0)) return await push(list);
  const admitted: Covered[] = [];
  for (const one of covered) if (await isAdmitted(one)) admitted.push(one);
  const pushed = admitted.length === 0 ? [] : await push(admitted.map(({ job }) => job));
  for (const [i, one] of admitted.entries()) if (pushed[i].status !== 'kept') await tell(one);
  const results = new Map(admitted.map((one, i) => [one, pushed[i]]));
  return covered.map((one) => results.get(one) ?? VETOED);
}

/** In a worker those of the class in its job modules; in another program those in its settings. */
function layersOf(job: NewJob): readonly Layer[] {
  const { middleware, middlewareOf } = program();
  const layers = middlewareOf?.(ownClass(job)) ?? middleware;
  return layers.filter(({ hooks }) => hooks.beforeEnqueue ?? hooks.afterEnqueue);
}

/** A job of ActiveJob as its worker will see it: with the class and the arguments of its own. */
function shownJob(job: NewJob, due: Due | undefined): EnqueuedJob {
  const { queue, class: name, args = [], expiresIn } = job;
  const at = due === undefined ? undefined : 'at' in due ? due.at : new Date(Date.now() + due.inMs);
  return { queue, class: ownClass(job), args: ownArgs({ class: name, args }), at, expiresIn };
}

async function isAdmitted({ shown, layers }: Covered): Promise<boolean> {
  for (const { hooks } of layers) if ((await hooks.beforeEnqueue?.(shown)) === false) return false;
  return true;
}

/** Never rejects: the job is enqueued, and a caller who got an error would enqueue it again. */
async function tell({ shown, layers }: Covered): Promise<void> {
  for (const { origin, hooks } of layers.toReversed()) {
    try {
      await hooks.afterEnqueue?.(shown);
    } catch (thrown) {
      report(origin, thrown);
    }
  }
}

function report(origin: string, thrown: unknown): void {
  const { log, settings } = program();
  const text = `the hook afterEnqueue of ${origin} threw an error`;
  const err = asError(thrown);
  const logger = log ?? settings.logger;
  if (logger === undefined) process.emitWarning(`${text}: ${err.message}`);
  else logger.error({ err, middleware: origin, hook: 'afterEnqueue' }, text);
}
