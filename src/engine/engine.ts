/**
 * The loop: wait, acknowledge and claim, run the claimed jobs. Jobs that end while a call is in flight go into the next
 * one, so batches form by themselves. It knows neither Redis nor the functions (see interfaces.ts) nor the log (see
 * events.ts).
 */
import { clearTimeout, setImmediate, setTimeout } from 'node:timers';
import * as globals from '../globals.js';
import type { Service } from '../service.js';
import { AckAndClaim } from './ack-and-claim.js';
import type { EngineEvents } from './events.js';
import { InFlight } from './in-flight.js';
import type { JobStore, Perform } from './interfaces.js';
import { Lifecycle } from './lifecycle.js';
import { Outage } from './outage.js';
import type { Judge, Run } from './run.js';
import { herdDelayMs, Wake } from './wake.js';

export interface EngineOptions {
  readonly store: JobStore;
  readonly perform: Perform;
  /** Decides the outcome of a job that failed. Default: it goes to `failed`. */
  readonly judge?: Judge | undefined;
  readonly events: EngineEvents;
  readonly concurrency: number;
  readonly intervalMs: number;
  /** The store reports pushes, by {@link Engine.changed}; false: poll, often at first, backing off to the interval. */
  readonly pushes: boolean;
  /** Stop when every queue is empty and every job has ended. */
  readonly exitOnComplete: boolean;
}

/** How the engine ended. */
export interface EngineResult {
  /** Jobs that had begun and were requeued, since they did not end in time. */
  readonly requeued: number;
  /** Jobs that have ended and could not be acknowledged: their records in Redis still show them as running. */
  readonly undelivered: number;
}

const FIRST_POLL_MS = 5;
/** How often to check whether this process is registered again. */
const UNREGISTERED_MS = 200;

export class Engine implements Service {
  readonly name = 'engine';
  readonly ended: Promise<EngineResult>;
  readonly #options: EngineOptions;
  readonly #lifecycle = new Lifecycle();
  readonly #wake = new Wake();
  readonly #inFlight: InFlight;
  readonly #calls: AckAndClaim;
  readonly #outage: Outage;
  #herdTimer: NodeJS.Timeout | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #processes = 1;
  #pollMs = FIRST_POLL_MS;
  /** Something changed that the replies of the calls in flight may not include. */
  #news = false;
  #holdingOff = false;
  #givenUp = false;
  #end!: (ended: EngineResult) => void;

  constructor(options: EngineOptions) {
    const { store, events, concurrency, perform, judge } = options;
    this.#options = options;
    this.#inFlight = new InFlight({ concurrency, perform, judge, events, onChange: () => this.#wake.call() });
    this.#calls = new AckAndClaim({ store, events, inFlight: this.#inFlight, lifecycle: this.#lifecycle });
    this.#outage = new Outage(events);
    this.ended = new globals.Promise((resolve) => {
      this.#end = resolve;
    });
  }

  async start(): Promise<void> {
    if (!this.#lifecycle.enter('running')) return;
    this.#wake.call();
    void this.#loop();
  }

  /** Claims no more jobs from now on. The running ones continue. */
  quiet(): void {
    if (this.#lifecycle.enter('quiet')) this.#wakeAll();
    else if (this.#lifecycle.state === 'new' && this.#lifecycle.enter('stopped'))
      this.#end({ requeued: 0, undelivered: 0 });
  }

  async stop(): Promise<void> {
    this.quiet();
    await this.ended;
  }

  /** Aborts the signals of the running jobs. */
  abort(reason: Error): void {
    for (const run of this.#inFlight.running()) run.abort(reason);
  }

  /** Requeues the running jobs at the head of their queues, and ignores what they still do. */
  requeueAll(): void {
    for (const run of this.#inFlight.running()) run.release();
  }

  /** Ends without acknowledging the finished jobs, since Redis does not come back. */
  giveUp(): void {
    this.#givenUp = true;
    this.#wakeAll();
  }

  suspend(suspended: boolean): void {
    this.#lifecycle.suspend(suspended);
    this.#look();
  }

  /** The store reports a change: a queue that was empty got a job, or the pause changed. */
  changed(what: string | null): void {
    if (this.#options.store.changed(what)) this.#lookWithTheHerd();
  }

  /** The store has more queues to claim from. */
  queuesAdded(): void {
    this.#lookWithTheHerd();
  }

  #lookWithTheHerd(): void {
    if (this.#herdTimer !== undefined) return;
    const delay = herdDelayMs(this.#processes, Math.random());
    // The shortest timer in Node is 1 ms.
    if (delay < 1) this.#look();
    else
      this.#herdTimer = setTimeout(() => {
        this.#herdTimer = undefined;
        this.#look();
      }, delay);
  }

  /**
   * This process pushed jobs over the store's connection. Redis does not report that, and stops tracking those queues.
   * A call claims the jobs, or restarts the tracking. Absent: the queues are not known.
   */
  jobsPushed(queues?: readonly string[]): void {
    this.#options.store.pushedTo(queues);
    this.#look();
  }

  /** Calls as soon as possible, also after calls in flight: their replies may not include the change. */
  #look(): void {
    this.#news = true;
    this.#wake.call();
  }

  /** Reconnected, maybe to another server, which tracks no keys yet. */
  reconnected(): void {
    this.#options.store.changed(null);
    this.#calls.reconnected();
    this.#wakeAll();
  }

  setProcesses(processes: number): void {
    this.#processes = processes;
  }

  get busy(): number {
    return this.#inFlight.busy;
  }

  get undelivered(): number {
    return this.#inFlight.toAck;
  }

  /** The running job of a claim; undefined: it has ended, and its slot may have another. */
  find(slot: number, token: string): Run | undefined {
    return this.#inFlight.find(slot, token);
  }

  /** The running jobs, the latest claim first. */
  running(): readonly Run[] {
    return this.#inFlight.running();
  }

  #wakeAll(): void {
    this.#wake.call();
    this.#outage.retry();
  }

  async #loop(): Promise<void> {
    while (!this.#isOver()) {
      const reason = await this.#wake.wait(this.#patienceMs());
      if (reason === 'reconsider') continue;
      // Jobs that end in the same turn of the event loop are acknowledged together.
      if (this.#inFlight.busy > 0) await new globals.Promise<void>((resolve) => setImmediate(resolve));
      const look = reason === 'timer';
      if (look) this.#calls.lookAgain();
      if (this.#holdingOff) continue;
      if (this.#inFlight.hasDoubts && this.#calls.underWay === 0) await this.#reconcile();
      for (let first = look; this.#calls.isDue(first); first = false) {
        this.#news = false;
        void this.#call();
      }
    }
    clearTimeout(this.#herdTimer);
    clearTimeout(this.#retryTimer);
    this.#lifecycle.enter('stopped');
    this.#end({ requeued: this.#inFlight.requeued, undelivered: this.#inFlight.toAck });
  }

  #isOver(): boolean {
    if (this.#givenUp) return true;
    return this.#lifecycle.state !== 'running' && this.#calls.settled;
  }

  #patienceMs(): number {
    const limits = [this.#options.intervalMs];
    if (!this.#options.pushes) limits.push(this.#pollMs);
    if (this.#calls.unregistered) limits.push(UNREGISTERED_MS);
    return Math.min(...limits);
  }

  async #call(): Promise<void> {
    try {
      const { more, drained, nextRetryMs, complete } = await this.#calls.go();
      this.#outage.over();
      this.#pollMs = drained ? this.#pollMs * 2 : FIRST_POLL_MS;
      if (drained) this.#expectRetry(nextRetryMs);
      if (complete && this.#options.exitOnComplete) this.quiet();
      if (more || this.#news || this.#inFlight.toAck > 0 || this.#inFlight.hasDoubts) this.#wake.call();
      else this.#wake.reconsider();
    } catch (error) {
      await this.#holdOff(error);
    }
  }

  /** Sets a timer for the next due retry, which Redis does not report. Each drained reply sets it again. */
  #expectRetry(inMs: number | undefined): void {
    clearTimeout(this.#retryTimer);
    // If it is due after the next look, the reply of that sets the timer.
    if (inMs === undefined || inMs > this.#options.intervalMs || !this.#lifecycle.claiming) return;
    const delay = inMs + herdDelayMs(this.#processes, Math.random());
    this.#retryTimer = setTimeout(() => this.#look(), delay);
  }

  async #reconcile(): Promise<void> {
    try {
      await this.#calls.reconcile();
    } catch (error) {
      await this.#holdOff(error);
    }
  }

  /** Makes one pause, even if two calls failed together. */
  async #holdOff(thrown: unknown): Promise<void> {
    if (this.#holdingOff) return;
    this.#holdingOff = true;
    await this.#outage.holdOff(thrown);
    this.#holdingOff = false;
    this.#wake.call();
  }
}
