/**
 * Keeps N children at work: starts them, replaces one that died or grew too large, stops them. It runs no job, so
 * nothing of the user's can block it. It knows the books by a port, and of the daemon only a file to start.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '../config/settings.js';
import { TsworkerError } from '../errors.js';
import type { Identity } from '../registry/identity.js';
import { countDeath, restartDelayMs, shouldGiveUp } from './backoff.js';
import { Child, type Ending } from './child-process.js';
import { exitText } from './exit.js';
import type { Death, Order } from './messages.js';

/** The registry, as the supervisor needs it. No call rejects: while Redis is away they wait for it. */
export interface Books {
  /**
   * Registers the slots of a child, and beats for them from now on. undefined when the wait was given up, by us or since
   * the child is `over`.
   */
  enter(pid: number, concurrency: number, over: AbortSignal): Promise<Identity | undefined>;
  /** A child has left in order. */
  leave(identity: Identity): Promise<void>;
  /** A child died: its jobs run elsewhere, or fail where the cause convicts them. */
  recover(identity: Identity, end: End): Promise<void>;
}

/** What is known of the death of a child. */
export interface End {
  readonly cause: Cause;
  /** `pid 4711 SIGKILL (signal 9)` */
  readonly exit: string;
  /** The claims of suspects that had begun and not ended. */
  readonly begun: ReadonlySet<string>;
}

/**
 * Why a child ended without a last word. `death`: counts against what it ran. `blocked`: a job blocked it beyond every
 * limit; the one that was alone is the one. `killed`: by us, at a stop, which is nobody's fault.
 */
export type Cause = 'death' | 'blocked' | 'killed';

export interface SupervisorEvents {
  ready(facts: { readonly classes: readonly string[]; readonly tracking: boolean }): void;
  died(pid: number, death: Death, restartInMs: number): void;
  /** Redis let it not in, although the daemon has worked. */
  refused(pid: number, message: string, retryInMs: number): void;
  retiring(pid: number, rssMb: number): void;
  killed(pid: number): void;
  blocked(pid: number, silentMs: number): void;
  gaveUp(deaths: number): void;
}

const WATCH_MS = 1000;
/** Beyond the limit: pulses come every two seconds, and a busy machine may be late. */
const BLOCKED_MS = 5000;

export interface SupervisorOptions {
  readonly settings: Settings;
  readonly flags: Readonly<Record<string, unknown>>;
  readonly file: URL;
  readonly books: Books;
  readonly events: SupervisorEvents;
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
  readonly #stopped = new AbortController();
  readonly #deaths: number[] = [];
  #sum: Supervised = { exitCode: 0, processed: 0, failed: 0, putBack: 0 };
  #refusal: TsworkerError | undefined;
  #ready = false;
  /** Only where jobs have limits: an idle daemon costs nothing. */
  #watch: NodeJS.Timeout | undefined;
  /** Children that we killed, and why. */
  readonly #killed = new Map<Child, Cause>();

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /**
   * Works until every child has ended.
   * @throws TsworkerError where a child cannot start at all
   */
  async run(): Promise<Supervised> {
    const { processes, concurrency } = this.#options.settings;
    const shares = Array.from({ length: processes }, (_, i) => Math.floor((concurrency + i) / processes));
    await Promise.all(shares.map((share) => this.#keep(share)));
    clearInterval(this.#watch);
    if (this.#refusal !== undefined) throw this.#refusal;
    return this.#sum;
  }

  get busy(): number {
    return this.#children.size;
  }

  /** Claims no more; the running jobs go on. */
  quiet(reason = 'stop'): void {
    this.#stopped.abort();
    this.broadcast({ kind: 'stop', reason });
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

  /** One place for a child: filled again and again until the stop. */
  async #keep(concurrency: number): Promise<void> {
    for (let deaths = 0; !this.#stopped.signal.aborted; ) {
      const child = this.#start(concurrency);
      const [identity, death] = await Promise.all([this.#register(child, concurrency), child.gone]);
      this.#children.delete(child);
      if (child.ending === undefined) {
        deaths = countDeath(deaths, Date.now() - child.bornAt);
        await this.#bury(child, identity, death, deaths);
      } else if (this.#isAway(child.ending)) {
        deaths = countDeath(deaths, Date.now() - child.bornAt);
        await this.#tryAgain(child, identity, deaths);
      } else {
        if (identity !== undefined) await this.#options.books.leave(identity);
        if (!this.#settle(child)) return;
      }
    }
  }

  #start(share: number): Child {
    const { settings, flags, file, events } = this.#options;
    const child = new Child(file, {
      onReady: (facts) => {
        if (!this.#ready) events.ready(facts);
        this.#ready = true;
        if (facts.limitMs > 0) this.#watch ??= setInterval(() => this.#killBlocked(), WATCH_MS);
      },
      onPulse: (rssMb) => this.#weigh(child, rssMb),
    });
    this.#children.add(child);
    child.send({ kind: 'start', settings: { ...settings, concurrency: share }, flags });
    return child;
  }

  /** The child loads its modules meanwhile. */
  async #register(child: Child, concurrency: number): Promise<Identity | undefined> {
    if (child.pid === undefined) return undefined;
    const identity = await this.#options.books.enter(child.pid, concurrency, child.over.signal);
    if (identity !== undefined) child.send({ kind: 'registered', identity });
    // Stopped meanwhile: the broadcast may have come before the child could hear.
    if (this.#stopped.signal.aborted) child.send({ kind: 'stop', reason: 'stop' });
    return identity;
  }

  /** Redis refuses it, which has let others in: it is away, and comes back. */
  #isAway(ending: Ending): boolean {
    return ending.kind === 'refused' && ending.code === 'REDIS' && this.#ready && !this.#stopped.signal.aborted;
  }

  async #tryAgain({ pid = 0, ending }: Child, identity: Identity | undefined, times: number): Promise<void> {
    const delay = restartDelayMs(times + 1);
    if (ending?.kind === 'refused') this.#options.events.refused(pid, ending.message, delay);
    if (identity !== undefined) await this.#options.books.leave(identity);
    await this.#pause(delay);
  }

  async #pause(ms: number): Promise<void> {
    if (ms > 0) await sleep(ms, undefined, { signal: this.#stopped.signal }).catch(() => {});
  }

  /** @returns whether the place is to be filled again */
  #settle({ ending, retiring }: Child): boolean {
    if (ending?.kind === 'refused') {
      const { code, message, hint } = ending;
      this.#refusal ??= new TsworkerError(code as TsworkerError['code'], message, hint === undefined ? {} : { hint });
      this.quiet();
      return false;
    }
    if (ending?.kind === 'ended') {
      const { exitCode, processed, failed, putBack } = this.#sum;
      this.#sum = {
        exitCode: exitCode === 1 || ending.exitCode === 1 ? 1 : 0,
        processed: processed + ending.processed,
        failed: failed + ending.failed,
        putBack: putBack + ending.putBack,
      };
      // A fault that it could not tie to a job: it stopped in order, but nobody asked it to.
      if (ending.exitCode === 1 && !this.#stopped.signal.aborted && !retiring) this.quiet();
    }
    return retiring && !this.#stopped.signal.aborted;
  }

  async #bury(child: Child, identity: Identity | undefined, death: Death, deaths: number): Promise<void> {
    const now = Date.now();
    this.#deaths.push(now);
    const stopping = this.#stopped.signal.aborted;
    const giveUp = !stopping && shouldGiveUp(this.#deaths, now);
    const delay = restartDelayMs(deaths);
    if (stopping || giveUp) this.#sum = { ...this.#sum, exitCode: 1 };
    this.#options.events.died(child.pid ?? 0, death, stopping || giveUp ? -1 : delay);
    if (giveUp) {
      this.#options.events.gaveUp(this.#deaths.length);
      this.quiet();
    }
    const cause = this.#killed.get(child) ?? 'death';
    this.#killed.delete(child);
    const end = { cause, exit: exitText(child.pid ?? 0, death), begun: child.suspects };
    if (identity !== undefined) await this.#options.books.recover(identity, end);
    if (!giveUp) await this.#pause(delay);
  }

  #weigh(child: Child, rssMb: number): void {
    const { maxRss } = this.#options.settings;
    if (maxRss === 0 || rssMb <= maxRss || child.retiring || this.#stopped.signal.aborted) return;
    child.retiring = true;
    this.#options.events.retiring(child.pid ?? 0, rssMb);
    child.send({ kind: 'stop', reason: `${rssMb} MB are more than -max-rss` });
  }
}
