/**
 * The calls to the store: what each carries, and what comes of its reply. Two may be under way, over different slots, so
 * that this process works while Redis does. Must not know when to wait, nor for what.
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

/** What one call showed. */
export interface Shown {
  /** There may be more: worth another call at once. */
  readonly more: boolean;
  /** Nothing more is in the queues. */
  readonly drained: boolean;
  /** Where it is drained: in how many milliseconds a job of our queues is due to run again. */
  readonly nextRetryMs: number | undefined;
  /** The queues are empty, and nothing is in flight. */
  readonly complete: boolean;
}

/** More in one call would hold up Redis' other clients. */
const MOST_IN_ONE_CALL = 1000;
/** So many idle slots are offered at least; their names travel with each call. */
const OFFERED_AT_LEAST = 32;
/** More at once bring nothing: Redis does one after the other. */
const MOST_UNDER_WAY = 2;
/** With fewer jobs to acknowledge, a call of their own costs more than it brings: they wait for the one under way. */
const WORTH_A_CALL = 8;
/** In the first the next call is made, in the second the client writes it. */
const TURNS_OF_THE_LOOP = 2;
/** A call of a connection that was lost may reach Redis after the next one is there, as long as somebody still sends it. */
const LATE_MS = 600_000;
/** After so many calls without a loss one may be larger again. */
const GROW_AFTER = 32;

export class AckAndClaim {
  readonly #options: AckAndClaimOptions;
  readonly #size = new CallSize();
  readonly #readSize = new CallSize();
  #underWay = 0;
  /** How many idle slots the next call offers at most: twice what the last one brought. */
  #offered = OFFERED_AT_LEAST;
  /** Slots for which nothing could be claimed since a record is there; in doubt until it is known whose. */
  readonly #occupied = new globals.Set<number>();
  /** Those whose record is another program's, until the next look. */
  readonly #skipped: number[] = [];
  /** Slots of calls that were lost: what such a call did may show only later. */
  readonly #lost = new globals.Set<number>();
  #lostAt = 0;
  /** When the reply that comes next may be taken. */
  #turn: Promise<void> = globals.Promise.resolve();
  #paused = false;
  #unregistered = false;

  constructor(options: AckAndClaimOptions) {
    this.#options = options;
  }

  get underWay(): number {
    return this.#underWay;
  }

  /** Nothing is claimed until a heartbeat has registered us again. */
  get unregistered(): boolean {
    return this.#unregistered;
  }

  /** Nothing is to be acknowledged, and no answer to be waited for. */
  get settled(): boolean {
    const { inFlight } = this.#options;
    return this.#underWay === 0 && inFlight.isEmpty && !inFlight.hasDoubts;
  }

  /** Whether one more is to go out now. `look`: also where nothing seems to be there to claim. */
  isDue(look: boolean): boolean {
    const { inFlight, lifecycle } = this.#options;
    if (inFlight.hasDoubts) return false;
    if (this.#underWay === 0) return look || inFlight.toAck > 0 || (lifecycle.claiming && inFlight.idle > 0);
    return this.#underWay < MOST_UNDER_WAY && inFlight.toAck >= WORTH_A_CALL;
  }

  /** Sends one. Rejects where it failed: then its jobs are still to be acknowledged, and its slots are in doubt. */
  async go(): Promise<Shown> {
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

  /** Leaves the call under way where it succeeded: no step of the loop may come before what follows from the reply. */
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

  /** Many are sent in two halves: while Redis does the second, the jobs of the first run. */
  #portion(): number {
    const { toAck } = this.#options.inFlight;
    const halved = this.#underWay === 0 && toAck >= 2 * WORTH_A_CALL;
    return Math.min(halved ? Math.ceil(toAck / 2) : toAck, this.#size.most);
  }

  /**
   * Two replies that came together would go on together: Redis and we would take turns in waiting for each other. So the
   * second is taken when what follows from the first is on its way.
   */
  async #inTurn(): Promise<void> {
    const before = this.#turn;
    this.#turn = before.then(() => passed(TURNS_OF_THE_LOOP));
    await before;
  }

  #accept(finishes: readonly Finish[], slots: readonly number[], reply: ClaimReply, claimed: boolean): Shown {
    const { settled, claims, occupied, paused, drained, unregistered, nextRetryMs } = reply;
    const { inFlight, events } = this.#options;
    for (let i = 0; i < finishes.length; i++) {
      const { claim, outcome } = finishes[i];
      const resent = inFlight.wasResent(claim.token);
      // One that was sent before and does not count now did so then.
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
    // It may be a record of ours that we do not know of: that is asked first.
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

  /** Some time has passed: what occupied slots may be gone, and a call that was lost may have come to Redis after all. */
  lookAgain(): void {
    const { inFlight } = this.#options;
    inFlight.giveBack(this.#skipped.splice(0));
    if (this.#lost.size === 0) return;
    inFlight.doubtIdle(this.#lost);
    if (globals.now() - this.#lostAt > LATE_MS) this.#lost.clear();
  }

  /** Redis may be another one, after a fail-over: a record that we had disposed of may be back. */
  reconnected(): void {
    this.#size.reconnected();
    this.#readSize.reconnected();
    this.#options.inFlight.doubtIdle();
  }

  /** Asks what the slots in doubt hold, and runs what we did not know of. Only while no call is under way. */
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
 * How much goes into one call. Where the connection was lost in two in a row, the reply may be too large for Redis or for
 * what stands between (client-output-buffer-limit): the next is half as large.
 */
class CallSize {
  #most = MOST_IN_ONE_CALL;
  /** In a row. */
  #succeeded = 0;
  #failed = 0;
  /** Not while Redis is away: a call that fails then says nothing about its size. */
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
