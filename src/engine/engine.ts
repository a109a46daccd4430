/**
 * The loop: wait, acknowledge and claim, run what came. While a call is under way, jobs end and gather for the next, so
 * batches form by themselves. It knows neither Redis nor the functions (see interfaces.ts) nor the log (see events.ts).
 */
import { clearTimeout, setImmediate, setTimeout } from 'node:timers';
import * as globals from '../globals.js';
import type { Service } from '../service.js';
import { AckAndClaim } from './ack-and-claim.js';
import type { EngineEvents } from './events.js';
import { InFlight } from './in-flight.js';
import type { JobStore, Judge, Perform } from './interfaces.js';
import { Lifecycle } from './lifecycle.js';
import { Outage } from './outage.js';
import type { Run } from './run.js';
import { herdDelayMs, Wake } from './wake.js';

export interface EngineOptions {
  readonly store: JobStore;
  readonly perform: Perform;
  /** What becomes of a job that failed; absent: it goes to `failed`. */
  readonly judge?: Judge | undefined;
  readonly events: EngineEvents;
  readonly concurrency: number;
  readonly intervalMs: number;
  /** The store wakes us by {@link Engine.pushed}; false: poll, often at first, then backing off to the interval. */
  readonly pushes: boolean;
  /** Stop when every queue is empty and every job has ended. */
  readonly exitOnComplete: boolean;
}

/** How the engine ended. */
export interface Ended {
  /** Jobs that had begun and were put back, since they did not end in time. */
  readonly putBack: number;
  /** Jobs that have ended and could not be acknowledged: Redis still shows them as running here. */
  readonly undelivered: number;
}

const FIRST_POLL_MS = 5;
/** Not registered, which we can do nothing about but look whether we are again. */
const UNREGISTERED_MS = 200;

export class Engine implements Service {
  readonly name = 'engine';
  readonly ended: Promise<Ended>;
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
  /** Something changed that the calls under way may not show. */
  #news = false;
  #holdingOff = false;
  #givenUp = false;
  #end!: (ended: Ended) => void;

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

  /** Claims no more from this instant. The running jobs go on. */
  quiet(): void {
    if (this.#lifecycle.enter('quiet')) this.#wakeAll();
    else if (this.#lifecycle.state === 'new' && this.#lifecycle.enter('stopped'))
      this.#end({ putBack: 0, undelivered: 0 });
  }

  async stop(): Promise<void> {
    this.quiet();
    await this.ended;
  }

  /** Tells the running jobs to end. */
  abort(reason: Error): void {
    for (const run of this.#inFlight.running()) run.abort(reason);
  }

  /** Gives up the running jobs: each goes back to the head of its queue, whatever it still does. */
  putBackAll(): void {
    for (const run of this.#inFlight.running()) run.putBack();
  }

  /** Ends although jobs that have ended are not acknowledged: Redis does not come back. */
  giveUp(): void {
    this.#givenUp = true;
    this.#wakeAll();
  }

  suspend(suspended: boolean): void {
    this.#lifecycle.suspend(suspended);
    this.#look();
  }

  /** A queue that was found empty got a job, or the pause changed. */
  pushed(): void {
    if (this.#herdTimer !== undefined) return;
    const delay = herdDelayMs(this.#processes, Math.random());
    // Node's timers know no less than a millisecond.
    if (delay < 1) this.#look();
    else
      this.#herdTimer = setTimeout(() => {
        this.#herdTimer = undefined;
        this.#look();
      }, delay);
  }

  /**
   * This process itself pushed jobs, over the connection that the store uses: Redis tells us nothing of that, and does not
   * watch those queues any more. So they are looked at, which takes what is there or has them watched again.
   */
  jobsPushed(): void {
    this.#look();
  }

  /** Claims as soon as it can: the reply of a call under way may come together with the news, and know nothing of it. */
  #look(): void {
    this.#news = true;
    this.#wake.call();
  }

  /** The connection is there again, perhaps to another server: what Redis watched for us is forgotten. */
  reconnected(): void {
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

  /** The latest first. */
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
      // Jobs that end within this turn of the event loop go out together.
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
    this.#end({ putBack: this.#inFlight.requeued, undelivered: this.#inFlight.toAck });
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

  /** A job of our queues is due to run again then: Redis does not tell us. Each drained reply says it anew. */
  #expectRetry(inMs: number | undefined): void {
    clearTimeout(this.#retryTimer);
    // What is due later than the next look is told of by that.
    if (inMs === undefined || inMs > this.#options.intervalMs) return;
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

  /** One pause, however many calls failed together. */
  async #holdOff(thrown: unknown): Promise<void> {
    if (this.#holdingOff) return;
    this.#holdingOff = true;
    await this.#outage.holdOff(thrown);
    this.#holdingOff = false;
    this.#wake.call();
  }
}
