/**
 * The calls to the store: what each one sends, and how its reply is handled. Two may be in flight, for different slots,
 * so that this process works while Redis does. When to wait is decided by engine.ts.
 */
import { setImmediate } from 'node:timers';
import * as globals from '../globals.js';
import type { Claim } from '../job.js';
import type { EngineEvents } from './events.js';
import type { InFlight } from './in-flight.js';
import type { ClaimReply, Finish, JobStore } from './interfaces.js';
import type { Lifecycle } from './lifecycle.js';

export interface AckAndClaimOptions {
  readonly store: JobStore;
  readonly events: EngineEvents;
  readonly inFlight: InFlight;
  readonly lifecycle: Lifecycle;
}

/** What one call found. */
export interface CallResult {
  /** There may be more jobs: call again at once. */
  readonly more: boolean;
  /** The queues have no more jobs. */
  readonly drained: boolean;
  /** If drained: milliseconds until the next retry in these queues is due; undefined: there is none. */
  readonly nextRetryMs: number | undefined;
  /** The queues are empty, and nothing is in flight. */
  readonly complete: boolean;
}

/** Slots in one call at most: a larger call would delay Redis' other clients. */
const MOST_IN_ONE_CALL = 1000;
/** Idle slots offered in each call at least; their numbers are sent with it. */
const OFFERED_AT_LEAST = 32;
/** Concurrent calls at most: Redis executes one after the other, so more gain nothing. */
const MOST_UNDER_WAY = 2;
/** With fewer jobs to acknowledge a second call costs more than it gains: they wait until the first has returned. */
const WORTH_A_CALL = 8;
/** In the first turn the next call is made, in the second the client writes it. */
const TURNS_OF_THE_LOOP = 2;
/** A call on a lost connection may reach Redis this long after the reconnect, while the network still delivers it. */
const LATE_MS = 600_000;
/** Calls without a failure until the size may grow again. */
const GROW_AFTER = 32;

export class AckAndClaim {
  readonly #options: AckAndClaimOptions;
  readonly #size = new CallSize();
  readonly #readSize = new CallSize();
  #underWay = 0;
  /** Idle slots that the next call offers at most: twice the number of jobs that the last one claimed. */
  #offered = OFFERED_AT_LEAST;
  /** Slots without a claim because their key holds a record; in doubt until its owner is known. */
  readonly #occupied = new globals.Set<number>();
  /** Slots with another program's record, not used until the next look. */
  readonly #skipped: number[] = [];
  /** Slots of failed calls, whose effect may become visible only later. */
  readonly #lost = new globals.Set<number>();
  #lostAt = 0;
  /** Resolves when the next reply may be handled. */
  #turn: Promise<void> = globals.Promise.resolve();
  #paused = false;
  #unregistered = false;

  constructor(options: AckAndClaimOptions) {
    this.#options = options;
  }

  get underWay(): number {
    return this.#underWay;
  }

  /** Not registered: nothing is claimed until a heartbeat has registered this process again. */
  get unregistered(): boolean {
    return this.#unregistered;
  }

  /** No job runs or is to be acknowledged, and no call is in flight. */
  get settled(): boolean {
    const { inFlight } = this.#options;
    return this.#underWay === 0 && inFlight.isEmpty && !inFlight.hasDoubts;
  }

  /** Whether to call now. @param look call even if no slot is idle and nothing is to be acknowledged */
  isDue(look: boolean): boolean {
    const { inFlight, lifecycle } = this.#options;
    if (inFlight.hasDoubts) return false;
    if (this.#underWay === 0) return look || inFlight.toAck > 0 || (lifecycle.claiming && inFlight.idle > 0);
    return this.#underWay < MOST_UNDER_WAY && inFlight.toAck >= WORTH_A_CALL;
  }

  /** Makes one call. Rejects if it failed: its jobs are still to be acknowledged then, and its slots are in doubt. */
  async go(): Promise<CallResult> {
    const { inFlight, lifecycle } = this.#options;
    const finishes = inFlight.takeToAck(this.#portion());
    const freed = finishes.map(({ claim }) => claim.slot);
    // A slot whose job is acknowledged may get the next one in the same call.
    const asked = lifecycle.claiming ? [...freed, ...inFlight.takeIdle(this.#offer(freed.length))] : [];
    const slots = asked.length > 0 ? asked : freed;
    const reply = await this.#send(finishes, asked, slots);
    this.#underWay--;
    this.#offered = Math.max(OFFERED_AT_LEAST, 2 * reply.claims.length);
    return this.#accept(finishes, slots, reply, asked.length > 0);
  }

  /** After a success the call still counts as under way: its reply is to be handled before the loop's next step. */
  async #send(finishes: readonly Finish[], asked: readonly number[], slots: readonly number[]): Promise<ClaimReply> {
    this.#underWay++;
    try {
      const reply = await this.#options.store.ackAndClaim(finishes, asked);
      if (this.#underWay > 1) await this.#inTurn();
      this.#size.succeeded();
      return reply;
    } catch (error) {
      this.#underWay--;
      this.#lose(finishes, slots);
      throw error;
    }
  }

  #lose(finishes: readonly Finish[], slots: readonly number[]): void {
    const { inFlight } = this.#options;
    inFlight.unacked(finishes);
    inFlight.doubt(slots);
    for (const slot of slots) this.#lost.add(slot);
    this.#lostAt = globals.now();
    this.#size.failed(slots.length);
  }

  #offer(freed: number): number {
    return Math.min(this.#offered, this.#size.most - freed);
  }

  /** Many finishes are sent in two halves: while Redis executes the second, the jobs of the first run. */
  #portion(): number {
    const { toAck } = this.#options.inFlight;
    const halved = this.#underWay === 0 && toAck >= 2 * WORTH_A_CALL;
    return Math.min(halved ? Math.ceil(toAck / 2) : toAck, this.#size.most);
  }

  /**
   * If two replies that arrive together were handled together, Redis and this process would take turns in waiting. So
   * the second is handled when the next call after the first has been written.
   */
  async #inTurn(): Promise<void> {
    const before = this.#turn;
    this.#turn = before.then(() => passed(TURNS_OF_THE_LOOP));
    await before;
  }

  #accept(finishes: readonly Finish[], slots: readonly number[], reply: ClaimReply, claimed: boolean): CallResult {
    const { settled, claims, occupied, paused, drained, unregistered, nextRetryMs } = reply;
    const { inFlight, events } = this.#options;
    for (let i = 0; i < finishes.length; i++) {
      const { claim, outcome } = finishes[i];
      const resent = inFlight.wasResent(claim.token);
      // If it was sent before and is not counted now, it was counted then.
      events.emit(settled[i] || resent ? 'acked' : 'fenced', claim, outcome);
    }
    events.emit('called', claimed ? slots.length : 0, claims.length);
    this.#giveBackUnused(slots, claims, occupied);
    this.#noteState(paused, unregistered);
    this.#begin(claims);
    const complete = claimed && drained && this.settled;
    return { more: !drained && !paused && !unregistered, drained, nextRetryMs, complete };
  }

  #begin(claims: readonly Claim[]): void {
    const { inFlight, lifecycle } = this.#options;
    if (claims.length > 0 && !lifecycle.claiming) inFlight.handBack(claims);
    else for (const claim of claims) inFlight.run(claim);
  }

  #giveBackUnused(slots: readonly number[], claims: readonly Claim[], occupied: readonly number[]): void {
    const { inFlight } = this.#options;
    // The record may be this process' own, from a lost reply: Redis is asked first.
    inFlight.doubt(occupied);
    for (const slot of occupied) this.#occupied.add(slot);
    if (claims.length + occupied.length === slots.length) return;
    const used = new globals.Set([...claims.map((claim) => claim.slot), ...occupied]);
    inFlight.giveBack(slots.filter((slot) => !used.has(slot)));
  }

  #noteState(paused: boolean, unregistered: boolean): void {
    if (unregistered && !this.#unregistered) this.#options.events.emit('unregistered');
    this.#unregistered = unregistered;
    if (paused === this.#paused || unregistered) return;
    this.#paused = paused;
    this.#options.events.emit('paused', paused);
  }

  /** To be called from time to time: occupied slots may be free, and a lost call may have reached Redis after all. */
  lookAgain(): void {
    const { inFlight, store } = this.#options;
    store.look();
    inFlight.giveBack(this.#skipped.splice(0));
    if (this.#lost.size === 0) return;
    inFlight.doubtIdle(this.#lost);
    if (globals.now() - this.#lostAt > LATE_MS) this.#lost.clear();
  }

  /** After a failover Redis may be another server, where records that were removed exist again. */
  reconnected(): void {
    this.#size.reconnected();
    this.#readSize.reconnected();
    this.#options.inFlight.doubtIdle();
  }

  /** Reads the claims of the slots in doubt, and runs those of lost replies. Only while no call is in flight. */
  async reconcile(): Promise<void> {
    const { inFlight, events } = this.#options;
    while (inFlight.hasDoubts) {
      const asked = inFlight.doubtful(this.#readSize.most);
      const { unknown, free } = inFlight.learn(asked, await this.#held(asked));
      for (const { slot } of unknown) this.#occupied.delete(slot);
      inFlight.giveBack(free.filter((slot) => !this.#skip(slot)));
      if (unknown.length > 0) events.emit('adopted', unknown.length);
      this.#begin(unknown);
    }
  }

  async #held(slots: readonly number[]): Promise<Claim[]> {
    try {
      const held = await this.#options.store.held(slots);
      this.#readSize.succeeded();
      return held;
    } catch (error) {
      this.#readSize.failed(slots.length);
      throw error;
    }
  }

  /** Whether another program's record occupies the slot. */
  #skip(slot: number): boolean {
    if (!this.#occupied.delete(slot)) return false;
    this.#skipped.push(slot);
    this.#options.events.emit('occupied', slot);
    return true;
  }
}

/**
 * How many slots go into one call. If the connection was lost in two calls in a row, the reply may be too large for
 * Redis (client-output-buffer-limit) or a proxy: the size is halved.
 */
class CallSize {
  #most = MOST_IN_ONE_CALL;
  /** Successes in a row. */
  #succeeded = 0;
  #failed = 0;
  /** false while Redis is unavailable: a failure then says nothing about the size. */
  #connected = true;

  get most(): number {
    return this.#most;
  }

  reconnected(): void {
    this.#connected = true;
  }

  succeeded(): void {
    this.#connected = true;
    this.#failed = 0;
    if (this.#most === MOST_IN_ONE_CALL || ++this.#succeeded < GROW_AFTER) return;
    this.#most = Math.min(2 * this.#most, MOST_IN_ONE_CALL);
    this.#succeeded = 0;
  }

  failed(size: number): void {
    if (!this.#connected) return;
    this.#connected = false;
    this.#succeeded = 0;
    if (++this.#failed > 1 && size > 1) this.#most = Math.floor(Math.min(this.#most, size) / 2);
  }
}

async function passed(turns: number): Promise<void> {
  for (let i = 0; i < turns; i++) await new globals.Promise<void>((resolve) => setImmediate(resolve));
}
