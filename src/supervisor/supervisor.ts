/**
 * Keeps N children running: starts them, replaces those that died or use too much memory, stops them. It runs no job,
 * so no job can block it. It knows the registry by an interface, and of the worker only how to start a child.
 */
import type { ChildProcess } from 'node:child_process';
import type { Settings } from '../config/settings.js';
import type { TsworkerError } from '../errors.js';
import type { CancelOrder } from '../registry/control.js';
import { BlockedWatch } from './blocked-watch.js';
import { beginChild, type LifecycleContext, type SlotFacts, type StartOrder } from './child-lifecycle.js';
import type { Child, ChildEvents, Ending } from './child-process.js';
import { ChildSlot } from './child-slot.js';
import type { Ready, ReloadProgress, RunningChild, SupervisorEvents } from './events.js';
import type { ChildRegistry } from './interfaces.js';
import type { Order } from './messages.js';
import { Quarantine } from './quarantine.js';
import { Reload } from './reload.js';
import { RecentDeaths } from './restart-policy.js';

/** A child answers sooner, unless it is blocked: then it does not answer at all. */
const COUNT_MS = 300;

export interface SupervisorOptions {
  readonly settings: Settings;
  readonly flags: Readonly<Record<string, unknown>>;
  readonly configFile?: string | undefined;
  /** Starts the process of a child. */
  readonly fork: () => ChildProcess;
  readonly registry: ChildRegistry;
  readonly events: SupervisorEvents;
  /** How many Redis connections there may be beyond one for each child; Infinity: no limit. */
  readonly spare: number;
}

export interface Supervised {
  readonly exitCode: 0 | 1;
  readonly processed: number;
  readonly failed: number;
  readonly requeued: number;
}

/** The state of a child, without what its workers do. */
export interface ChildState {
  readonly pid: number;
  readonly working: boolean;
  readonly paused: boolean;
  readonly draining: boolean;
  /** By the monotonic clock; undefined: it answers. */
  readonly blockedSince: number | undefined;
  readonly reload: { readonly replaced: number; readonly total: number } | undefined;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #children = new Set<Child>();
  readonly #slots: readonly ChildSlot[];
  readonly #reload: Reload;
  readonly #watch: BlockedWatch;
  readonly #stopped = new AbortController();
  readonly #context: LifecycleContext;
  /** undefined: there is no Redis connection for a quarantine child. */
  readonly #quarantine: Quarantine | undefined;
  /** The runs of the slots, until all their children have left. */
  readonly #running = new Set<Promise<void>>();
  #sum: Supervised = { exitCode: 0, processed: 0, failed: 0, requeued: 0 };
  #refusal: TsworkerError | undefined;
  /** Facts of the child that became ready last. */
  #ready: Ready | undefined;
  #paused = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    const { events, settings, spare } = options;
    this.#context = this.#createContext();
    this.#watch = new BlockedWatch(this.#children, {
      onBlocked: (child, silentMs) => this.#reportBlocked(child, silentMs),
      onAnswering: (child) => {
        events.emit('answering', { pid: child.pid ?? 0 });
        events.emit('stateChanged');
      },
      onBeyondLimits: (child, silentMs) => this.#killBlocked(child, silentMs),
    });
    const { processes, concurrency } = settings;
    const shares = Array.from({ length: processes }, (_, i) => Math.floor((concurrency + i) / processes));
    this.#slots = shares.map((share, number) =>
      this.#createSlot(number, { ...this.#startOrder(share) }, { essential: true }),
    );
    this.#quarantine = runsQuarantine(spare) ? this.#createQuarantine() : undefined;
    this.#reload = new Reload({
      ...{
        slots: this.#slots,
        spare: () => spare - (this.#quarantine?.isOpen ? 1 : 0),
        events,
        stopped: this.#stopped.signal,
      },
      classes: () => this.#ready?.classes ?? [],
    });
  }

  /**
   * Resolves when every child has ended.
   * @throws TsworkerError if a child cannot start at all
   */
  async run(): Promise<Supervised> {
    const slots = this.#slots.map((slot) => this.#runSlot(slot));
    this.#quarantine?.start();
    await Promise.all(slots);
    await this.#quarantine?.finish();
    while (this.#running.size > 0) await Promise.all(this.#running);
    this.#watch.stop();
    if (this.#refusal !== undefined) throw this.#refusal;
    return this.#sum;
  }

  /**
   * Adds a slot beside those of the settings: it is not part of reloads, and its child may die or refuse to start any
   * number of times. To be called while the supervisor runs.
   */
  openSlot(number: number, start: StartOrder): { readonly slot: ChildSlot; readonly over: Promise<void> } {
    const slot = this.#createSlot(number, start, { essential: false });
    return { slot, over: this.#runSlot(slot) };
  }

  /** To be called when a job may have been quarantined. */
  lookIntoQuarantine(): void {
    void this.#quarantine?.look();
  }

  /** How many child processes run, without those that have exited and are still registered. */
  get busy(): number {
    return [...this.#children].filter((child) => !child.over.signal.aborted).length;
  }

  /** How many jobs run. To be called after a stop, which the children answer with a pulse; blocked ones do not. */
  async countJobs(): Promise<number> {
    await Promise.all([...this.#children].map((child) => child.nextPulse(COUNT_MS)));
    return [...this.#children].reduce((sum, child) => sum + child.running, 0);
  }

  /** How many children claim jobs and answer. */
  get ready(): number {
    return this.#atWork().filter((child) => this.#watch.blockedSince(child) === undefined).length;
  }

  get allBlocked(): boolean {
    return this.#atWork().length > 0 && this.ready === 0;
  }

  get stopping(): boolean {
    return this.#stopped.signal.aborted;
  }

  get paused(): boolean {
    return this.#paused;
  }

  get reloading(): ReloadProgress | undefined {
    return this.#reload.progress;
  }

  states(): ChildState[] {
    const reload = this.#reload.progress;
    return [...this.#children].flatMap((child) =>
      child.pid === undefined
        ? []
        : {
            pid: child.pid,
            working: child.working,
            paused: this.#paused,
            draining: child.retiring || this.stopping,
            blockedSince: this.#watch.blockedSince(child),
            reload: reload && { replaced: reload.replaced, total: reload.total },
          },
    );
  }

  /** The children claim no more jobs; the running ones continue. */
  quiet(reason = 'stop'): void {
    this.#stopped.abort();
    for (const child of this.#children) child.stop(reason);
    this.#options.events.emit('stateChanged');
  }

  /** Replaces all children by ones with the new job modules. Running jobs are allowed to finish. */
  reload(): void {
    this.#reload.request();
    this.#quarantine?.reload();
  }

  /** Pauses or resumes all children, also those that are started later. */
  suspend(paused: boolean): void {
    this.#paused = paused;
    this.broadcast({ kind: paused ? 'pause' : 'resume' });
    this.#options.events.emit('stateChanged');
  }

  /** Aborts the running jobs. */
  abort(error: Error): void {
    this.broadcast({ kind: 'abort', reason: error.message });
  }

  broadcast(order: Order): void {
    for (const child of this.#children) child.send(order);
  }

  /**
   * Hands an order to cancel a job over to a child, which answers it.
   * @returns gone: there is no such child. blocked: it has not heard of it within `withinMs`
   */
  async cancel(pid: number, order: CancelOrder, withinMs: number): Promise<'heard' | 'gone' | 'blocked'> {
    const child = this.#childOf(pid);
    if (child === undefined) return 'gone';
    return await child.cancel(order, withinMs);
  }

  /** Kills a child that a job blocks which was to be cancelled. The jobs that it still has are requeued. */
  killBlocked(pid: number): void {
    const child = this.#childOf(pid);
    if (child === undefined) return;
    this.#options.events.emit('killedToCancel', { pid });
    child.kill('killed');
  }

  #childOf(pid: number): Child | undefined {
    return [...this.#children].find((child) => child.pid === pid && !child.over.signal.aborted);
  }

  /** Kills the children that did not exit although their jobs were aborted: they are blocked and receive no orders. */
  killAll(): void {
    for (const child of this.#children) {
      this.#options.events.emit('killed', { pid: child.pid ?? 0 });
      child.kill('killed');
    }
  }

  #atWork(): Child[] {
    return [...this.#children].filter((child) => child.essential && child.working && !child.retiring);
  }

  #createContext(): LifecycleContext {
    const { fork, registry, events } = this.#options;
    return {
      ...{ fork, registry, events, children: this.#children, stopped: this.#stopped.signal },
      recentDeaths: new RecentDeaths(),
      paused: () => this.#paused,
      proven: () => this.#ready !== undefined,
      hear: (slot) => this.#listen(slot),
      settled: (ending) => this.#add(ending),
      failed: () => {
        this.#sum = { ...this.#sum, exitCode: 1 };
      },
      end: (refusal) => {
        this.#refusal ??= refusal;
        this.quiet();
      },
    };
  }

  /** Its child ends by itself when no quarantined job is left. */
  #createQuarantine(): Quarantine {
    const { settings, registry, events, spare } = this.#options;
    const { processes, interval } = settings;
    return new Quarantine({
      // While a reload uses the last connection, the quarantine child has to wait.
      isOccupied: async () => this.#children.size < processes + spare && (await registry.hasQuarantined()),
      open: () => {
        events.emit('quarantineOpened');
        const { settings: own, ...order } = this.#startOrder(1);
        return this.openSlot(processes, { ...order, settings: { ...own, exitOnComplete: true }, quarantine: true });
      },
      intervalMs: interval * 1000,
      stopped: this.#stopped.signal,
    });
  }

  #startOrder(concurrency: number): StartOrder {
    const { settings, flags, configFile } = this.#options;
    return { kind: 'start', settings: { ...settings, concurrency }, flags, configFile };
  }

  #createSlot(number: number, start: StartOrder, { essential }: Pick<SlotFacts, 'essential'>): ChildSlot {
    const facts: SlotFacts = { number, start, essential, history: { deaths: 0, proven: false } };
    return new ChildSlot({
      begin: (trial) => beginChild(this.#context, facts, trial),
      replacing: (old, next) => {
        this.#reload.drains(old);
        this.#options.events.emit('replacing', { old: describe(old.child), next: next.pid ?? 0 });
        this.#options.events.emit('stateChanged');
      },
      waiting: () => {
        this.#reload.tellWaiting();
        this.#options.events.emit('stateChanged');
      },
      stopped: this.#stopped.signal,
    });
  }

  #runSlot(slot: ChildSlot): Promise<void> {
    const run = slot.run().finally(() => this.#running.delete(run));
    this.#running.add(run);
    return run;
  }

  #listen({ number, essential }: SlotFacts): ChildEvents {
    const { events } = this.#options;
    return {
      onReady: (_child, facts) => {
        if (!essential) return;
        if (this.#ready === undefined) events.emit('ready', facts);
        this.#ready = facts;
      },
      onPulse: (child, { rssMb }) => {
        this.#watch.heard(child);
        this.#checkMemory(child, rssMb);
      },
      onCounts: (child, counts) => events.emit('counted', { slot: number, pid: child.pid ?? 0, counts }),
    };
  }

  #add(ending: Extract<Ending, { kind: 'ended' }>): void {
    const { exitCode, processed, failed, requeued } = this.#sum;
    this.#sum = {
      exitCode: exitCode === 1 || ending.exitCode === 1 ? 1 : 0,
      processed: processed + ending.processed,
      failed: failed + ending.failed,
      requeued: requeued + ending.requeued,
    };
  }

  #reportBlocked(child: Child, silentMs: number): void {
    this.#options.events.emit('blocked', { ...describe(child), silentMs });
    this.#options.events.emit('stateChanged');
  }

  /** All its jobs have time limits, so a child that is not blocked answers after the longest one at the latest. */
  #killBlocked(child: Child, silentMs: number): void {
    if (child.killedFor !== undefined) return;
    this.#options.events.emit('killedBlocked', { pid: child.pid ?? 0, silentMs });
    child.kill('blocked');
  }

  #checkMemory(child: Child, rssMb: number): void {
    const { maxRss } = this.#options.settings;
    if (maxRss === 0 || rssMb <= maxRss || child.retiring || this.stopping) return;
    this.#options.events.emit('retiring', { pid: child.pid ?? 0, rssMb });
    child.retire(`${rssMb} MB are more than -max-rss`);
    this.#options.events.emit('stateChanged');
  }
}

/** Whether there is a quarantine child, which needs a Redis connection of its own. */
export function runsQuarantine(spare: number): boolean {
  return spare > 0;
}

function describe(child: Child): RunningChild {
  return { pid: child.pid ?? 0, running: child.running };
}
