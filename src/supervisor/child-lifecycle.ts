/**
 * One child from its start until it has left the registry, and whether the slot starts another one afterwards.
 */
import type { ChildProcess } from 'node:child_process';
import { TsworkerError } from '../errors.js';
import type { Identity } from '../registry/identity.js';
import { Child, type ChildEvents, type Ending } from './child-process.js';
import type { ChildLifecycle } from './child-slot.js';
import type { SupervisorEvents } from './events.js';
import { exitText } from './exit.js';
import type { ChildRegistry, DeathFacts } from './interfaces.js';
import type { Death, Order } from './messages.js';
import {
  countDeath,
  NO_RESTART,
  type RecentDeaths,
  type RestartDecision,
  restartDelayMs,
  type SlotHistory,
} from './restart-policy.js';

type Refusal = Extract<Ending, { kind: 'refused' }>;
export type StartOrder = Extract<Order, { kind: 'start' }>;

/** What is known of the slot of a child. */
export interface SlotFacts {
  /** From 0. */
  readonly number: number;
  readonly start: StartOrder;
  readonly history: SlotHistory;
  /** true: the worker stops when this child cannot start, or children die too often. false: the start is retried. */
  readonly essential: boolean;
}

/** What all children of a supervisor share. */
export interface LifecycleContext {
  readonly fork: () => ChildProcess;
  readonly registry: ChildRegistry;
  readonly events: SupervisorEvents;
  readonly recentDeaths: RecentDeaths;
  readonly children: Set<Child>;
  readonly stopped: AbortSignal;
  /** Whether the worker was paused by a signal. */
  readonly paused: () => boolean;
  /** Whether any child has been ready so far. */
  readonly proven: () => boolean;
  readonly hear: (slot: SlotFacts) => ChildEvents;
  /** A child ended in order: its job counts. */
  readonly settled: (ending: Extract<Ending, { kind: 'ended' }>) => void;
  /** A child died and is not replaced: the worker's exit code is 1. */
  readonly failed: () => void;
  /** Stops all children. `refusal`: why the worker cannot start. */
  readonly end: (refusal?: TsworkerError) => void;
}

/** @param trial another child works in the slot: this one is not started again when it cannot start */
export function beginChild(context: LifecycleContext, slot: SlotFacts, trial: boolean): ChildLifecycle {
  const lifecycle = new Lifecycle(context, slot, trial);
  return { child: lifecycle.child, over: lifecycle.live() };
}

class Lifecycle {
  readonly child: Child;
  readonly #context: LifecycleContext;
  readonly #slot: SlotFacts;
  readonly #trial: boolean;

  constructor(context: LifecycleContext, slot: SlotFacts, trial: boolean) {
    this.#context = context;
    this.#slot = slot;
    this.#trial = trial;
    this.child = new Child(context.fork, context.hear(slot));
    this.child.essential = slot.essential;
    context.children.add(this.child);
    this.child.send(slot.start);
    if (context.paused()) this.child.send({ kind: 'pause' });
  }

  async live(): Promise<RestartDecision> {
    const { children, events, registry } = this.#context;
    const { child } = this;
    void child.ready.then((ready) => {
      this.#slot.history.proven ||= ready;
    });
    const [identity, death] = await Promise.all([this.#register(), child.gone]);
    children.delete(child);
    const { pid, ending } = child;
    if (pid === undefined) return await this.#handleDeath(undefined, death);
    events.emit('left', { slot: this.#slot.number, pid, inOrder: ending !== undefined });
    events.emit('stateChanged');
    if (ending === undefined) return await this.#handleDeath(identity, death);
    if (identity !== undefined) await registry.leave(identity);
    return ending.kind === 'refused' ? await this.#refuse(ending) : this.#settle(ending);
  }

  /** Registers the slots while the child loads its job modules. */
  async #register(): Promise<Identity | undefined> {
    const { pid, over } = this.child;
    if (pid === undefined) return undefined;
    const identity = await this.#context.registry.enter(pid, this.#slot.start.settings.concurrency, over.signal);
    if (identity !== undefined) this.child.send({ kind: 'registered', identity });
    // If we were stopped meanwhile, the broadcast may have been sent before the child could receive it.
    if (this.#context.stopped.aborted) this.child.stop('stop');
    return identity;
  }

  #settle(ending: Extract<Ending, { kind: 'ended' }>): RestartDecision {
    const { settled, stopped, end } = this.#context;
    const { retiring } = this.child;
    settled(ending);
    // An uncaught error that belongs to no job: the child stopped in order, but without being asked to.
    if (ending.exitCode === 1 && this.#slot.essential && !stopped.aborted && !retiring) end();
    return { restart: retiring && !stopped.aborted, afterMs: 0 };
  }

  /** At the start this ends the worker. Later the cause must be new and may pass: the start is retried. */
  async #refuse({ code, message, hint }: Refusal): Promise<RestartDecision> {
    const { stopped, events, end } = this.#context;
    const error = new TsworkerError(code as TsworkerError['code'], message, hint === undefined ? {} : { hint });
    const surplus = await this.#isSurplus();
    if (!surplus && !this.#mayPass(code)) end(error);
    if (stopped.aborted) return NO_RESTART;
    if (!surplus) this.#countDeath();
    const afterMs = restartDelayMs(this.#slot.history.deaths + 1);
    events.emit('refused', { pid: this.child.pid ?? 0, error, restartInMs: surplus ? undefined : afterMs });
    return { restart: true, afterMs };
  }

  /** A child started here before, or (for Redis errors) in any slot: the cause may pass. */
  #mayPass(code: string): boolean {
    const { history, start, essential } = this.#slot;
    if (!essential) return true;
    return (history.proven || (code === 'REDIS' && this.#context.proven())) && !start.settings.exitOnComplete;
  }

  /** Another child works in the slot: this one was replaced, or was on trial and never ready. */
  async #isSurplus(): Promise<boolean> {
    return this.child.replaced || (this.#trial && !(await this.child.ready));
  }

  async #handleDeath(identity: Identity | undefined, death: Death): Promise<RestartDecision> {
    const { events, stopped, registry, recentDeaths, failed, end } = this.#context;
    const { child } = this;
    const surplus = await this.#isSurplus();
    const decision = surplus ? NO_RESTART : this.#decide(death);
    const restartInMs = decision.restart ? decision.afterMs : undefined;
    if (death.error !== undefined) events.emit('startFailed', { error: death.error, restartInMs });
    else events.emit('died', { pid: child.pid ?? 0, death, restartInMs });
    if (!decision.restart && !surplus && !stopped.aborted) {
      events.emit('gaveUp', { deaths: recentDeaths.count });
      failed();
      end();
    }
    const facts: DeathFacts = {
      cause: child.killedFor ?? 'death',
      exit: exitText(child.pid ?? 0, death),
      begun: child.begun,
    };
    if (identity !== undefined) await registry.recover(identity, facts);
    return decision;
  }

  /** Whether a dead child is replaced, and when. */
  #decide({ error }: Death): RestartDecision {
    const { recentDeaths, stopped, failed, children } = this.#context;
    const started = error === undefined;
    // It was killed on purpose: that says nothing about its next life.
    if (this.child.killedFor === 'killed' && !stopped.aborted) return { restart: true, afterMs: 0 };
    this.#countDeath();
    // While other children work, a fork that fails for lack of memory or descriptors must not end the worker.
    if (this.#slot.essential && (started || ![...children].some((child) => child.working)))
      recentDeaths.add(performance.now());
    const restart = !stopped.aborted && !recentDeaths.tooMany;
    if (!restart && started) failed();
    return restart ? { restart, afterMs: restartDelayMs(this.#slot.history.deaths) } : NO_RESTART;
  }

  #countDeath(): void {
    const { history } = this.#slot;
    history.deaths = countDeath(history.deaths, performance.now() - this.child.bornAt);
  }
}
