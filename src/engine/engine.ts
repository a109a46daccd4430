/**
 * The loop: wait, exchange, run what came. One exchange is under way at a time, so batches form by themselves: while it
 * is, jobs end and gather for the next. It knows neither Redis nor the functions nor the log (see ports.ts).
 */
import type { Claim, Outcome } from '../job.js';
import type { Service } from '../service.js';
import { herdDelayMs } from './herd.js';
import { Lifecycle } from './lifecycle.js';
import { Outage } from './outage.js';
import { Outbox } from './outbox.js';
import type { EngineEvents, Exchanged, Finish, JobStore, Perform } from './ports.js';
import { reconcile } from './reconcile.js';
import { Run } from './run.js';
import { Slots } from './slots.js';
import { Solo } from './solo.js';
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
  /** How long the running jobs are first waited for, so that another can run alone. Milliseconds; see solo.ts. */
  readonly patienceMs?: number;
}

/** How the engine ended. */
export interface Ended {
  /** Jobs that had begun and were put back, since they did not end in time. */
  readonly putBack: number;
  /** Finishes that could not be delivered: Redis still shows these jobs in our hands. */
  readonly undelivered: number;
}

/** More in one call would hold up Redis' other clients. */
const MOST_IN_ONE_CALL = 1000;
const FIRST_POLL_MS = 5;
/** Out of the books, which we can do nothing about but look whether we are in again. */
const UNREGISTERED_MS = 200;

export class Engine implements Service {
  readonly name = 'engine';
  readonly ended: Promise<Ended>;
  readonly #options: EngineOptions;
  readonly #lifecycle = new Lifecycle();
  readonly #slots: Slots;
  readonly #outbox = new Outbox();
  readonly #solo: Solo;
  readonly #wake = new Wake();
  readonly #outage: Outage;
  /** Slots of a call whose reply was lost: Redis may have claimed jobs for them. */
  #doubtful: number[] = [];
  /** Slots that another program's record occupies, until the next look. */
  #occupied: number[] = [];
  #herdTimer: NodeJS.Timeout | undefined;
  #processes = 1;
  #order = 0;
  #pollMs = FIRST_POLL_MS;
  #paused = false;
  #unregistered = false;
  #putBack = 0;
  #givenUp = false;
  #end!: (ended: Ended) => void;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#slots = new Slots(options.concurrency);
    this.#outage = new Outage(options.events);
    this.#solo = new Solo(options.patienceMs);
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
    else if (this.#lifecycle.enter('stopped')) this.#end({ putBack: 0, undelivered: 0 });
  }

  async stop(): Promise<void> {
    this.quiet();
    await this.ended;
  }

  /** Tells the running jobs to end. */
  abort(reason: Error): void {
    for (const run of this.#slots.running()) run.abort(reason);
  }

  /** Gives up the running jobs: each goes back to the head of its queue, whatever it still does. */
  putBackAll(): void {
    for (const run of this.#slots.running()) run.putBack();
  }

  /** Ends although finishes are undelivered: Redis does not come back. */
  giveUp(): void {
    this.#givenUp = true;
    this.#wakeAll();
  }

  suspend(suspended: boolean): void {
    this.#lifecycle.suspend(suspended);
    this.#wake.call();
  }

  /** A queue that was found empty got a job, or the pause changed. */
  pushed(): void {
    if (this.#herdTimer !== undefined) return;
    const delay = herdDelayMs(this.#processes, Math.random());
    // Node's timers know no less than a millisecond.
    if (delay < 1) this.#wake.call();
    else
      this.#herdTimer = setTimeout(() => {
        this.#herdTimer = undefined;
        this.#wake.call();
      }, delay);
  }

  /**
   * The connection is there again, perhaps to another server after a fail-over: what Redis watched for us is forgotten,
   * and a record that we had disposed of may be back.
   */
  reconnected(): void {
    this.#doubtful.push(...this.#slots.take(this.#slots.idle));
    this.#wakeAll();
  }

  setProcesses(processes: number): void {
    this.#processes = processes;
  }

  get suspended(): boolean {
    return this.#lifecycle.suspended;
  }

  get busy(): number {
    return this.#slots.busy;
  }

  get undelivered(): number {
    return this.#outbox.size;
  }

  /** The latest first. */
  running(): readonly Run[] {
    return this.#slots.running();
  }

  #wakeAll(): void {
    this.#wake.call();
    this.#outage.retry();
  }

  async #loop(): Promise<void> {
    while (!this.#isOver()) {
      const reason = await this.#wake.wait(this.#patienceMs());
      // Jobs that end within this turn of the event loop go out together.
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (reason === 'timer') this.#slots.giveBack(this.#occupied.splice(0));
      if (reason === 'timer' || this.#hasWork()) await this.#turn();
    }
    clearTimeout(this.#herdTimer);
    this.#lifecycle.enter('stopped');
    this.#end({ putBack: this.#putBack, undelivered: this.#outbox.size });
  }

  #isOver(): boolean {
    if (this.#givenUp) return true;
    if (this.#lifecycle.state === 'running') return false;
    return this.#slots.busy === 0 && this.#outbox.size === 0 && this.#doubtful.length === 0;
  }

  #hasWork(): boolean {
    return this.#outbox.size > 0 || this.#doubtful.length > 0 || (this.#mayClaim() && this.#slots.idle > 0);
  }

  #mayClaim(): boolean {
    return this.#lifecycle.claiming && this.#solo.allowsClaiming(this.#slots.busy, performance.now());
  }

  #patienceMs(): number {
    const limits = [this.#options.intervalMs, this.#solo.nextLookMs(performance.now())];
    if (!this.#options.pushes) limits.push(this.#pollMs);
    if (this.#unregistered) limits.push(UNREGISTERED_MS);
    return Math.min(...limits);
  }

  async #turn(): Promise<void> {
    try {
      if (this.#doubtful.length > 0) await this.#reconcile();
    } catch (error) {
      return this.#holdOff(error);
    }
    const finishes = this.#outbox.take(MOST_IN_ONE_CALL);
    const freed = finishes.map(({ claim }) => claim.slot);
    // A slot whose job is reported may get the next one in the same call.
    const asked = this.#mayClaim() ? [...freed, ...this.#slots.take(MOST_IN_ONE_CALL - freed.length)] : [];
    // What is not reported yet is still in our hands.
    const busy = this.#slots.busy + this.#outbox.size;
    const company = { busy, turn: this.#solo.turn(this.#lifecycle.claiming, performance.now()) };
    try {
      const exchanged = await this.#options.store.exchange(finishes, asked, company);
      this.#outage.over();
      this.#accept(finishes, asked.length > 0 ? asked : freed, exchanged, asked.length > 0);
    } catch (error) {
      this.#outbox.putBack(finishes);
      this.#doubtful.push(...(asked.length > 0 ? asked : freed));
      await this.#holdOff(error);
    }
  }

  #accept(finishes: readonly Finish[], slots: readonly number[], exchanged: Exchanged, claimed: boolean): void {
    const { settled, claims, occupied, paused, drained, waitsAlone, unregistered } = exchanged;
    for (let i = 0; i < finishes.length; i++) {
      const { claim } = finishes[i];
      const resent = this.#outbox.wasResent(claim.token);
      if (!settled[i] && !resent) this.#options.events.fenced(claim);
    }
    this.#giveBackUnused(slots, claims, occupied);
    this.#noteState(paused, unregistered);
    this.#noteTurn(this.#solo.told(waitsAlone, performance.now()));
    for (const claim of claims) this.#take(claim);
    this.#pollMs = drained ? this.#pollMs * 2 : FIRST_POLL_MS;
    if (this.#hasWork() && !drained && !paused && !unregistered) this.#wake.call();
    const idle = this.#slots.busy === 0 && this.#outbox.size === 0;
    const complete = claimed && drained && idle && waitsAlone === undefined;
    if (complete && this.#options.exitOnComplete) this.#lifecycle.enter('quiet');
  }

  #giveBackUnused(slots: readonly number[], claims: readonly Claim[], occupied: readonly number[]): void {
    for (const slot of occupied) {
      this.#occupied.push(slot);
      this.#options.events.occupied(slot);
    }
    if (claims.length + occupied.length === slots.length) return;
    const used = new Set([...claims.map((claim) => claim.slot), ...occupied]);
    this.#slots.giveBack(slots.filter((slot) => !used.has(slot)));
  }

  #noteState(paused: boolean, unregistered: boolean): void {
    if (unregistered && !this.#unregistered) this.#options.events.unregistered();
    this.#unregistered = unregistered;
    if (paused === this.#paused || unregistered) return;
    this.#paused = paused;
    this.#options.events.paused(paused);
  }

  #noteTurn(change: 'began' | 'gave up' | undefined): void {
    if (change === 'gave up') this.#options.events.madeNoRoom();
    else if (change === 'began' && this.#slots.busy > 0) this.#options.events.makingRoom();
  }

  /** Runs the job of a claim, or hands it back where we have begun to stop meanwhile, or it may not run now. */
  #take(claim: Claim): void {
    if (!this.#lifecycle.claiming || !this.#solo.admits(claim, this.#slots.busy)) {
      this.#outbox.addFirst({ claim, outcome: { kind: 'requeue' } });
      this.#wake.call();
      return;
    }
    const run = new Run(claim, this.#order++, this.#settled);
    this.#slots.seat(run);
    this.#solo.began(run, performance.now());
    run.perform(this.#options.perform);
  }

  #settled = (run: Run, outcome: Outcome): void => {
    this.#slots.leave(run);
    this.#solo.ended(run);
    if (outcome.kind === 'requeue') this.#putBack++;
    this.#outbox.add({ claim: run.claim, outcome });
    this.#options.events.finished(run, outcome);
    this.#wake.call();
  };

  async #reconcile(): Promise<void> {
    while (this.#doubtful.length > 0) {
      const asked = this.#doubtful.slice(0, MOST_IN_ONE_CALL);
      const some = [...new Set(asked)];
      const held = await this.#options.store.held(some);
      // No more than were asked about: others may have come meanwhile.
      this.#doubtful.splice(0, asked.length);
      const { unknown, idle } = reconcile(some, held, this.#outbox);
      this.#slots.giveBack(idle);
      if (unknown.length > 0) this.#options.events.adopted(unknown.length);
      for (const claim of unknown) this.#take(claim);
    }
  }

  async #holdOff(thrown: unknown): Promise<void> {
    await this.#outage.holdOff(thrown);
    this.#wake.call();
  }
}
