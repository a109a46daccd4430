/**
 * The loop: wait, exchange, run what came. While an exchange is under way, jobs end and gather for the next, so batches
 * form by themselves. It knows neither Redis nor the functions nor the log (see ports.ts).
 */
import type { Service } from '../service.js';
import { Exchanges } from './exchanges.js';
import { Hands } from './hands.js';
import { herdDelayMs } from './herd.js';
import type { EngineEvents, JobStore, Perform } from './interfaces.js';
import { Lifecycle } from './lifecycle.js';
import { Outage } from './outage.js';
import type { Run } from './run.js';
import { Wake } from './wake.js';

export interface EngineOptions {
  readonly store: JobStore;
  readonly perform: Perform;
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
  /** Finishes that could not be delivered: Redis still shows these jobs in our hands. */
  readonly undelivered: number;
}

const FIRST_POLL_MS = 5;
/** Out of the books, which we can do nothing about but look whether we are in again. */
const UNREGISTERED_MS = 200;

export class Engine implements Service {
  readonly name = 'engine';
  readonly ended: Promise<Ended>;
  readonly #options: EngineOptions;
  readonly #lifecycle = new Lifecycle();
  readonly #wake = new Wake();
  readonly #hands: Hands;
  readonly #exchanges: Exchanges;
  readonly #outage: Outage;
  #herdTimer: NodeJS.Timeout | undefined;
  #processes = 1;
  #pollMs = FIRST_POLL_MS;
  /** Something changed that the calls under way may not show. */
  #news = false;
  #holdingOff = false;
  #givenUp = false;
  #end!: (ended: Ended) => void;

  constructor(options: EngineOptions) {
    const { store, events, concurrency, perform } = options;
    this.#options = options;
    this.#hands = new Hands({ concurrency, perform, events, onChange: () => this.#wake.call() });
    this.#exchanges = new Exchanges({ store, events, hands: this.#hands, lifecycle: this.#lifecycle });
    this.#outage = new Outage(events);
    this.ended = new Promise((resolve) => {
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
    for (const run of this.#hands.slots.running()) run.abort(reason);
  }

  /** Gives up the running jobs: each goes back to the head of its queue, whatever it still does. */
  putBackAll(): void {
    for (const run of this.#hands.slots.running()) run.putBack();
  }

  /** Ends although finishes are undelivered: Redis does not come back. */
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
    this.#exchanges.doubtIdle();
    this.#wakeAll();
  }

  setProcesses(processes: number): void {
    this.#processes = processes;
  }

  get busy(): number {
    return this.#hands.slots.busy;
  }

  get undelivered(): number {
    return this.#hands.outbox.size;
  }

  /** The latest first. */
  running(): readonly Run[] {
    return this.#hands.slots.running();
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
      if (this.#hands.slots.busy > 0) await new Promise<void>((resolve) => setImmediate(resolve));
      const look = reason === 'timer';
      if (look) this.#exchanges.tryOccupied();
      if (this.#holdingOff) continue;
      if (this.#exchanges.doubtful && this.#exchanges.underWay === 0) await this.#reconcile();
      for (let first = look; this.#exchanges.isDue(first); first = false) {
        this.#news = false;
        void this.#exchange();
      }
    }
    clearTimeout(this.#herdTimer);
    this.#lifecycle.enter('stopped');
    this.#end({ putBack: this.#hands.putBack, undelivered: this.#hands.outbox.size });
  }

  #isOver(): boolean {
    if (this.#givenUp) return true;
    return this.#lifecycle.state !== 'running' && this.#exchanges.settled;
  }

  #patienceMs(): number {
    const limits = [this.#options.intervalMs];
    if (!this.#options.pushes) limits.push(this.#pollMs);
    if (this.#exchanges.unregistered) limits.push(UNREGISTERED_MS);
    return Math.min(...limits);
  }

  async #exchange(): Promise<void> {
    try {
      const { more, drained, complete } = await this.#exchanges.go();
      this.#outage.over();
      this.#pollMs = drained ? this.#pollMs * 2 : FIRST_POLL_MS;
      if (complete && this.#options.exitOnComplete) this.quiet();
      if (more || this.#news || this.#hands.outbox.size > 0 || this.#exchanges.doubtful) this.#wake.call();
      else this.#wake.reconsider();
    } catch (error) {
      await this.#holdOff(error);
    }
  }

  async #reconcile(): Promise<void> {
    try {
      await this.#exchanges.reconcile();
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
