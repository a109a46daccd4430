/**
 * The hooks that are told how a job ended: `onFailure`, `onExhausted`, `onDiscard`, the innermost layer first. They run
 * beside the engine, when the outcome is decided: they neither hold the job's slot nor change what comes of it.
 */
import { AsyncResource } from 'node:async_hooks';
import type { Run } from '../engine/run.js';
import type { JobContext, Outcome } from '../job.js';
import type { HookName, Layer } from '../middleware.js';
import { logged } from './compose.js';
import { RunContext, type Surroundings } from './context.js';
import type { FunctionRegistry } from './registry.js';
import type { ReadJob } from './wrapped.js';

const OUTCOME_HOOKS: readonly HookName[] = ['onFailure', 'onExhausted', 'onDiscard'];

/** A job that runs and whose layers may have to be told. */
interface Known {
  readonly job: ReadJob;
  /** What a hook leaves behind (a rejection that nobody handles) belongs to the job, as what its function leaves. */
  readonly resource: AsyncResource;
}

/** What a payload that cannot be read is to the hooks. */
const UNREADABLE: ReadJob = { class: '', args: [] };

export class OutcomeHooks {
  readonly #functions: FunctionRegistry;
  readonly #surroundings: Surroundings;
  readonly #known = new WeakMap<Run, Known>();
  readonly #running = new Set<Promise<void>>();

  private constructor(functions: FunctionRegistry, surroundings: Surroundings) {
    this.#functions = functions;
    this.#surroundings = surroundings;
  }

  /** @returns undefined if no layer has such a hook: jobs are not looked at then */
  static of(functions: FunctionRegistry, surroundings: Surroundings): OutcomeHooks | undefined {
    const layers = [functions.outermost, ...functions.classes.map((name) => functions.get(name)?.layers ?? [])].flat();
    return layers.some(hasOutcomeHook) ? new OutcomeHooks(functions, surroundings) : undefined;
  }

  /** To be called before a job runs. */
  remember(run: Run, job: ReadJob): void {
    this.#known.set(run, { job, resource: new AsyncResource('tsworker.hooks') });
  }

  tell(run: Run, outcome: Outcome): void {
    if (outcome.kind !== 'failed' && outcome.kind !== 'discarded' && !isFailedRun(outcome)) return;
    const { job, resource } = this.#known.get(run) ?? {
      job: UNREADABLE,
      resource: new AsyncResource('tsworker.hooks'),
    };
    const registered = this.#functions.get(job.class);
    const layers = (registered?.layers ?? this.#functions.outermost).filter(hasOutcomeHook);
    if (layers.length === 0) return;
    const context = new RunContext(run, job, this.#surroundings, registered);
    const told = resource.runInAsyncScope(tellAll, undefined, layers, outcome, context);
    this.#running.add(told);
    void told.finally(() => this.#running.delete(told));
  }

  /** Resolves when all hooks that were called have ended. */
  async ended(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }
}

type Told = Extract<Outcome, { kind: 'failed' | 'discarded' | 'retry' }>;

/** RetryIn only puts the job off. */
function isFailedRun(outcome: Outcome): outcome is Extract<Outcome, { kind: 'retry' }> {
  return outcome.kind === 'retry' && outcome.counts;
}

function hasOutcomeHook({ hooks }: Layer): boolean {
  return OUTCOME_HOOKS.some((name) => hooks[name] !== undefined);
}

/** Never rejects. */
async function tellAll(layers: readonly Layer[], { kind, error }: Told, job: JobContext): Promise<void> {
  for (const { origin, hooks } of layers.toReversed()) {
    if (kind === 'discarded') {
      await logged(job, origin, 'onDiscard', () => hooks.onDiscard?.(error, job));
      continue;
    }
    const willRetry = kind === 'retry';
    await logged(job, origin, 'onFailure', () => hooks.onFailure?.(error, job, { willRetry }));
    if (!willRetry) await logged(job, origin, 'onExhausted', () => hooks.onExhausted?.(error, job));
  }
}
