/**
 * One child from its start until it has left the registry, and what its end means for the slot that it was in. Its
 * supervisor is what all of them share.
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

/** The slot of the child. */
export interface SlotFacts {
  /** From 0. */
  readonly number: number;
  readonly start: StartOrder;
  readonly history: SlotHistory;
  /** The worker ends where its child cannot start at all, or children die too often. Else it is tried again. */
  readonly essential: boolean;
}

/** What is the same for all children of a supervisor. */
export interface Family {
  readonly fork: () => ChildProcess;
  readonly registry: ChildRegistry;
  readonly events: SupervisorEvents;
  readonly recentDeaths: RecentDeaths;
  readonly children: Set<Child>;
  readonly stopped: AbortSignal;
  /** Nobody claims, as a signal asked for. */
  readonly paused: () => boolean;
  /** Some child has worked. */
  readonly proven: () => boolean;
  readonly hear: (slot: SlotFacts) => ChildEvents;
  /** What it did until it left in order. */
  readonly settled: (ending: Extract<Ending, { kind: 'ended' }>) => void;
  /** One died and is not replaced: the worker has failed. */
  readonly failed: () => void;
  /** All children are to end. `refusal`: why the worker cannot start. */
  readonly end: (refusal?: TsworkerError) => void;
}

/** @param trial it is not the only one in its slot, and is not started again when it cannot start */
export function beginChild(family: Family, slot: SlotFacts, trial: boolean): ChildLifecycle {
  const lifecycle = new Lifecycle(family, slot, trial);
  return { child: lifecycle.child, over: lifecycle.live() };
}

class Lifecycle {
  readonly child: Child;
  readonly #family: Family;
  readonly #slot: SlotFacts;
  readonly #trial: boolean;

  constructor(family: Family, slot: SlotFacts, trial: boolean) {
    this.#family = family;
    this.#slot = slot;
    this.#trial = trial;
    this.child = new Child(family.fork, family.hear(slot));
    this.child.essential = slot.essential;
    family.children.add(this.child);
    this.child.send(slot.start);
    if (family.paused()) this.child.send({ kind: 'pause' });
  }

  async live(): Promise<RestartDecision> {
    const { children, events, registry } = this.#family;
    const { child } = this;
    void child.ready.then((ready) => {
      this.#slot.history.proven ||= ready;
    });
    const [identity, death] = await Promise.all([this.#register(), child.gone]);
    children.delete(child);
    const { pid, ending } = child;
    if (pid === undefined) return await this.#bury(undefined, death);
    events.emit('left', { slot: this.#slot.number, pid, inOrder: ending !== undefined });
    events.emit('stateChanged');
    if (ending === undefined) return await this.#bury(identity, death);
    if (identity !== undefined) await registry.leave(identity);
    return ending.kind === 'refused' ? await this.#refuse(ending) : this.#settle(ending);
  }

  /** The child loads its modules meanwhile. */
  async #register(): Promise<Identity | undefined> {
    const { pid, over } = this.child;
    if (pid === undefined) return undefined;
    const identity = await this.#family.registry.enter(pid, this.#slot.start.settings.concurrency, over.signal);
    if (identity !== undefined) this.child.send({ kind: 'registered', identity });
    // Stopped meanwhile: the broadcast may have come before the child could hear.
    if (this.#family.stopped.aborted) this.child.stop('stop');
    return identity;
  }

  #settle(ending: Extract<Ending, { kind: 'ended' }>): RestartDecision {
    const { settled, stopped, end } = this.#family;
    const { retiring } = this.child;
    settled(ending);
    // A fault that it could not tie to a job: it stopped in order, but nobody asked it to.
    if (ending.exitCode === 1 && this.#slot.essential && !stopped.aborted && !retiring) end();
    return { restart: retiring && !stopped.aborted, afterMs: 0 };
  }

  /** At the start it is the end of all. Later something must have changed, and may change again: we go on trying. */
  async #refuse({ code, message, hint }: Refusal): Promise<RestartDecision> {
    const { stopped, events, end } = this.#family;
    const error = new TsworkerError(code as TsworkerError['code'], message, hint === undefined ? {} : { hint });
    const surplus = await this.#isSurplus();
    if (!surplus && !this.#mayPass(code)) end(error);
    if (stopped.aborted) return NO_RESTART;
    if (!surplus) this.#countDeath();
    const afterMs = restartDelayMs(this.#slot.history.deaths + 1);
    events.emit('refused', { pid: this.child.pid ?? 0, error, restartInMs: surplus ? undefined : afterMs });
    return { restart: true, afterMs };
  }

  /** What one of them could do before, another will do again: in this slot, or with Redis, in any. */
  #mayPass(code: string): boolean {
    const { history, start, essential } = this.#slot;
    if (!essential) return true;
    return (history.proven || (code === 'REDIS' && this.#family.proven())) && !start.settings.exitOnComplete;
  }

  /** One on trial that was never ready leaves a slot where another child works, and so does one that was replaced. */
  async #isSurplus(): Promise<boolean> {
    return this.child.replaced || (this.#trial && !(await this.child.ready));
  }

  async #bury(identity: Identity | undefined, death: Death): Promise<RestartDecision> {
    const { events, stopped, registry, recentDeaths, failed, end } = this.#family;
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

  /** Whether one that died is replaced, and when. */
  #decide({ error }: Death): RestartDecision {
    const { recentDeaths, stopped, failed, children } = this.#family;
    const started = error === undefined;
    this.#countDeath();
    // Where others work, one that cannot be started for want of memory or descriptors is no reason to end them.
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
