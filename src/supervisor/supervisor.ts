/**
 * Keeps N children at work: starts them, replaces one that died or grew too large, stops them. It runs no job, so
 * nothing of the user's can block it. It knows the books by a port, and of the daemon only how to start one.
 */
import type { ChildProcess } from 'node:child_process';
import type { Settings } from '../config/settings.js';
import { TsworkerError } from '../errors.js';
import type { Identity } from '../registry/identity.js';
import { countDeath, restartDelayMs, shouldGiveUp } from './backoff.js';
import { Child, type Ending } from './child-process.js';
import { type Fate, type Life, Place } from './child-slot.js';
import { exitText } from './exit.js';
import type { Books, Cause, Ready, SupervisorEvents } from './interfaces.js';
import type { Death, Order } from './messages.js';
import { Rollout } from './reload.js';

type Refusal = Extract<Ending, { kind: 'refused' }>;

const OVER: Fate = { again: false, afterMs: 0 };

const WATCH_MS = 1000;
/** Beyond the limit: pulses come every two seconds, and a busy machine may be late. */
const BLOCKED_MS = 5000;

export interface SupervisorOptions {
  readonly settings: Settings;
  readonly flags: Readonly<Record<string, unknown>>;
  /** Starts the process of a child. */
  readonly fork: () => ChildProcess;
  readonly books: Books;
  readonly events: SupervisorEvents;
  /** There is a Redis connection for one child more, while a reload is under way. */
  readonly spare: boolean;
}

/** Which place, from 0, and its share of the concurrency. */
interface Seat {
  readonly place: number;
  readonly share: number;
}

/** What is remembered of the children that were in one place. */
interface Past {
  /** How many died in a row. */
  deaths: number;
  /** One of them has worked: what keeps another from starting is new. */
  proven: boolean;
}

export interface Supervised {
  readonly exitCode: 0 | 1;
  readonly processed: number;
  readonly failed: number;
  readonly putBack: number;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #children = new Set<Child>();
  readonly #places: readonly Place[];
  readonly #rollout: Rollout;
  readonly #stopped = new AbortController();
  readonly #deaths: number[] = [];
  #sum: Supervised = { exitCode: 0, processed: 0, failed: 0, putBack: 0 };
  #refusal: TsworkerError | undefined;
  /** Of the child that began to work last. */
  #ready: Ready | undefined;
  #paused = false;
  /** Only where jobs have limits: an idle daemon costs nothing. */
  #watch: NodeJS.Timeout | undefined;
  /** Children that we killed, and why. */
  readonly #killed = new Map<Child, Cause>();

  constructor(options: SupervisorOptions) {
    this.#options = options;
    const { processes, concurrency } = options.settings;
    const shares = Array.from({ length: processes }, (_, i) => Math.floor((concurrency + i) / processes));
    this.#places = shares.map((share, place) => {
      const past: Past = { deaths: 0, proven: false };
      return new Place({
        begin: (trial) => this.#begin({ place, share }, past, trial),
        replacing: (old, next) => options.events.replacing(old.pid ?? 0, next.pid ?? 0),
        stopped: this.#stopped.signal,
      });
    });
    this.#rollout = new Rollout({
      ...{ places: this.#places, spare: options.spare, events: options.events },
      stopped: this.#stopped.signal,
      classes: () => this.#ready?.classes ?? [],
    });
  }

  /**
   * Works until every child has ended.
   * @throws TsworkerError where a child cannot start at all
   */
  async run(): Promise<Supervised> {
    await Promise.all(this.#places.map((place) => place.keep()));
    clearInterval(this.#watch);
    if (this.#refusal !== undefined) throw this.#refusal;
    return this.#sum;
  }

  get busy(): number {
    return this.#children.size;
  }

  /** How many children are at work. */
  get ready(): number {
    return [...this.#children].filter((child) => child.working && !child.retiring).length;
  }

  get stopping(): boolean {
    return this.#stopped.signal.aborted;
  }

  /** Claims no more; the running jobs go on. */
  quiet(reason = 'stop'): void {
    this.#stopped.abort();
    for (const child of this.#children) child.stop(reason);
  }

  /** Replaces all children, one after the other, with such as load the job modules anew. Their running jobs end in peace. */
  reload(): void {
    this.#rollout.request();
  }

  /** Also those that are started later. */
  suspend(paused: boolean): void {
    this.#paused = paused;
    this.broadcast({ kind: paused ? 'pause' : 'resume' });
  }

  /** Tells the running jobs to end. */
  abort(error: Error): void {
    this.broadcast({ kind: 'abort', reason: error.message });
  }

  broadcast(order: Order): void {
    for (const child of this.#children) child.send(order);
  }

  /** Those that do not end although their jobs were given up: they block, and hear nothing. */
  killAll(): void {
    for (const child of this.#children) {
      this.#options.events.killed(child.pid ?? 0);
      this.#kill(child, 'killed');
    }
  }

  /** Of a child whose jobs all have limits we hear again after the longest at the latest. */
  #killBlocked(): void {
    const now = Date.now();
    for (const child of this.#children) {
      const silentMs = now - child.heardAt;
      if (child.limitMs === 0 || silentMs <= child.limitMs + BLOCKED_MS) continue;
      this.#options.events.blocked(child.pid ?? 0, silentMs);
      this.#kill(child, 'blocked');
    }
  }

  #kill(child: Child, cause: Cause): void {
    if (!this.#killed.has(child)) this.#killed.set(child, cause);
    child.kill();
  }

  #begin(seat: Seat, past: Past, trial: boolean): Life {
    const child = this.#start(seat);
    return { child, over: this.#live(child, seat, past, trial) };
  }

  /** From the registration of a child until it has left the books. */
  async #live(child: Child, { place, share }: Seat, past: Past, trial: boolean): Promise<Fate> {
    void child.ready.then((ready) => {
      past.proven ||= ready;
    });
    const [identity, death] = await Promise.all([this.#register(child, share), child.gone]);
    this.#children.delete(child);
    this.#options.events.left(place, child.pid ?? 0, child.ending !== undefined);
    // One on trial that was never ready leaves a place where somebody else works.
    const surplus = trial && !(await child.ready);
    if (child.ending === undefined) return await this.#bury(child, identity, death, past, surplus);
    if (identity !== undefined) await this.#options.books.leave(identity);
    if (child.ending.kind === 'refused') return this.#refuse(child, child.ending, past, surplus);
    return this.#settle(child, child.ending);
  }

  #start({ place, share }: Seat): Child {
    const { settings, flags, fork, events } = this.#options;
    const child = new Child(fork(), {
      onReady: (facts) => {
        if (this.#ready === undefined) events.ready(facts);
        this.#ready = facts;
        if (facts.limitMs > 0) this.#watch ??= setInterval(() => this.#killBlocked(), WATCH_MS);
      },
      onPulse: (rssMb) => this.#weigh(child, rssMb),
      onCounts: (counts) => events.counted(place, child.pid ?? 0, counts),
    });
    this.#children.add(child);
    child.send({ kind: 'start', settings: { ...settings, concurrency: share }, flags });
    if (this.#paused) child.send({ kind: 'pause' });
    return child;
  }

  /** The child loads its modules meanwhile. */
  async #register(child: Child, concurrency: number): Promise<Identity | undefined> {
    if (child.pid === undefined) return undefined;
    const identity = await this.#options.books.enter(child.pid, concurrency, child.over.signal);
    if (identity !== undefined) child.send({ kind: 'registered', identity });
    // Stopped meanwhile: the broadcast may have come before the child could hear.
    if (this.#stopped.signal.aborted) child.stop('stop');
    return identity;
  }

  #settle({ retiring }: Child, ending: Extract<Ending, { kind: 'ended' }>): Fate {
    const { exitCode, processed, failed, putBack } = this.#sum;
    this.#sum = {
      exitCode: exitCode === 1 || ending.exitCode === 1 ? 1 : 0,
      processed: processed + ending.processed,
      failed: failed + ending.failed,
      putBack: putBack + ending.putBack,
    };
    // A fault that it could not tie to a job: it stopped in order, but nobody asked it to.
    if (ending.exitCode === 1 && !this.#stopped.signal.aborted && !retiring) this.quiet();
    return { again: retiring && !this.#stopped.signal.aborted, afterMs: 0 };
  }

  /** At the start it is the end of all. Later something must have changed, and may change again: we go on trying. */
  #refuse(child: Child, { code, message, hint }: Refusal, past: Past, surplus: boolean): Fate {
    const options = hint === undefined ? {} : { hint };
    const error = new TsworkerError(code as TsworkerError['code'], message, options);
    if (!surplus && !this.#mayPass(code, past)) {
      this.#refusal ??= error;
      this.quiet();
    }
    if (this.#stopped.signal.aborted) return OVER;
    if (!surplus) past.deaths = countDeath(past.deaths, Date.now() - child.bornAt);
    const afterMs = restartDelayMs(past.deaths + 1);
    this.#options.events.refused(child.pid ?? 0, error, surplus ? -1 : afterMs);
    return { again: true, afterMs };
  }

  /** What one of them could do before, another will do again: in this place, or with Redis, in any. */
  #mayPass(code: string, { proven }: Past): boolean {
    return (proven || (code === 'REDIS' && this.#ready !== undefined)) && !this.#options.settings.exitOnComplete;
  }

  async #bury(child: Child, identity: Identity | undefined, death: Death, past: Past, surplus: boolean): Promise<Fate> {
    const fate = surplus ? OVER : this.#mourn(child, past);
    this.#options.events.died(child.pid ?? 0, death, fate.again ? fate.afterMs : -1);
    if (!fate.again && !surplus && !this.#stopped.signal.aborted) {
      this.#options.events.gaveUp(this.#deaths.length);
      this.quiet();
    }
    const cause = this.#killed.get(child) ?? 'death';
    this.#killed.delete(child);
    const end = { cause, exit: exitText(child.pid ?? 0, death), begun: child.begun };
    if (identity !== undefined) await this.#options.books.recover(identity, end);
    return fate;
  }

  /** Whether one that died is replaced, and when. */
  #mourn(child: Child, past: Past): Fate {
    const now = Date.now();
    past.deaths = countDeath(past.deaths, now - child.bornAt);
    this.#deaths.push(now);
    const again = !this.#stopped.signal.aborted && !shouldGiveUp(this.#deaths, now);
    if (!again) this.#sum = { ...this.#sum, exitCode: 1 };
    return again ? { again, afterMs: restartDelayMs(past.deaths) } : OVER;
  }

  #weigh(child: Child, rssMb: number): void {
    const { maxRss } = this.#options.settings;
    if (maxRss === 0 || rssMb <= maxRss || child.retiring || this.#stopped.signal.aborted) return;
    this.#options.events.retiring(child.pid ?? 0, rssMb);
    child.retire(`${rssMb} MB are more than -max-rss`);
  }
}
