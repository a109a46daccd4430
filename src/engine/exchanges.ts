/**
 * The calls to the store: what each carries, and what comes of its reply. Two may be under way, over different slots, so
 * that this process works while Redis does. Must not know when to wait, nor for what.
 */
import type { Claim } from '../job.js';
import type { Hands } from './hands.js';
import type { ClaimReply, EngineEvents, Finish, JobStore } from './interfaces.js';
import type { Lifecycle } from './lifecycle.js';
import { reconcile } from './reconcile.js';

export interface ExchangesOptions {
  readonly store: JobStore;
  readonly events: EngineEvents;
  readonly hands: Hands;
  readonly lifecycle: Lifecycle;
}

/** What one exchange showed. */
export interface Shown {
  /** There may be more: worth another one at once. */
  readonly more: boolean;
  /** Nothing more is in the queues. */
  readonly drained: boolean;
  /** The queues are empty, and so are our hands. */
  readonly complete: boolean;
}

/** More in one call would hold up Redis' other clients. */
const MOST_IN_ONE_CALL = 1000;
/** So many idle slots are offered at least; their names travel with each call. */
const OFFERED_AT_LEAST = 32;
/** More at once bring nothing: Redis does one after the other. */
const MOST_UNDER_WAY = 2;
/** With fewer jobs to report, a call of their own costs more than it brings: they wait for the one under way. */
const WORTH_A_CALL = 8;
/** In the first the next call is made, in the second the client writes it. */
const TURNS_OF_THE_LOOP = 2;

export class Exchanges {
  readonly #options: ExchangesOptions;
  #underWay = 0;
  /** How many idle slots the next call offers at most: twice what the last one brought. */
  #offered = OFFERED_AT_LEAST;
  /** Slots of a call whose reply was lost: Redis may have claimed jobs for them. */
  #doubtful: number[] = [];
  /** Slots that another program's record occupies, until the next look. */
  #occupied: number[] = [];
  /** When the reply that comes next may be taken. */
  #turn: Promise<void> = Promise.resolve();
  #paused = false;
  #unregistered = false;

  constructor(options: ExchangesOptions) {
    this.#options = options;
  }

  get underWay(): number {
    return this.#underWay;
  }

  /** Nothing is claimed until a beat has brought us into the books again. */
  get unregistered(): boolean {
    return this.#unregistered;
  }

  get doubtful(): boolean {
    return this.#doubtful.length > 0;
  }

  /** Nothing is to be reported, and no answer to be waited for. */
  get settled(): boolean {
    return this.#underWay === 0 && this.#options.hands.empty && !this.doubtful;
  }

  /** Whether one more is to go out now. `look`: also where nothing seems to be there to claim. */
  isDue(look: boolean): boolean {
    const { outbox } = this.#options.hands;
    if (this.doubtful) return false;
    if (this.#underWay === 0) return look || outbox.size > 0 || this.#wants();
    return this.#underWay < MOST_UNDER_WAY && outbox.size >= WORTH_A_CALL;
  }

  #wants(): boolean {
    return this.#options.lifecycle.claiming && this.#options.hands.slots.idle > 0;
  }

  /** Sends one. Rejects where it failed: then its jobs are still to be reported, and its slots are {@link doubtful}. */
  async go(): Promise<Shown> {
    const { hands, lifecycle, store } = this.#options;
    const finishes = hands.outbox.take(this.#portion());
    const freed = finishes.map(({ claim }) => claim.slot);
    // A slot whose job is reported may get the next one in the same call.
    const asked = lifecycle.claiming ? [...freed, ...hands.slots.take(this.#offer(freed.length))] : [];
    const slots = asked.length > 0 ? asked : freed;
    this.#underWay++;
    try {
      const exchanged = await store.ackAndClaim(finishes, asked);
      if (this.#underWay > 1) await this.#inTurn();
      this.#underWay--;
      this.#offered = Math.max(OFFERED_AT_LEAST, 2 * exchanged.claims.length);
      return this.#accept(finishes, slots, exchanged, asked.length > 0);
    } catch (error) {
      this.#underWay--;
      hands.outbox.putBack(finishes);
      this.#doubtful.push(...slots);
      throw error;
    }
  }

  #offer(freed: number): number {
    return Math.min(this.#offered, MOST_IN_ONE_CALL - freed);
  }

  /** Many are sent in two halves: while Redis does the second, the jobs of the first run. */
  #portion(): number {
    const { size } = this.#options.hands.outbox;
    const halved = this.#underWay === 0 && size >= 2 * WORTH_A_CALL;
    return Math.min(halved ? Math.ceil(size / 2) : size, MOST_IN_ONE_CALL);
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

  #accept(finishes: readonly Finish[], slots: readonly number[], exchanged: ClaimReply, claimed: boolean): Shown {
    const { settled, claims, occupied, paused, drained, unregistered } = exchanged;
    const { hands, events, lifecycle } = this.#options;
    for (let i = 0; i < finishes.length; i++) {
      const { claim } = finishes[i];
      const resent = hands.outbox.wasResent(claim.token);
      // One that was sent before and does not count now did so then.
      if (settled[i] || resent) events.delivered(claim);
      else events.fenced(claim);
    }
    events.exchanged(claimed ? slots.length : 0, claims.length);
    this.#giveBackUnused(slots, claims, occupied);
    this.#noteState(paused, unregistered);
    for (const claim of claims) hands.take(claim, lifecycle.claiming);
    const complete = claimed && drained && this.settled;
    return { more: !drained && !paused && !unregistered, drained, complete };
  }

  #giveBackUnused(slots: readonly number[], claims: readonly Claim[], occupied: readonly number[]): void {
    for (const slot of occupied) {
      this.#occupied.push(slot);
      this.#options.events.occupied(slot);
    }
    if (claims.length + occupied.length === slots.length) return;
    const used = new Set([...claims.map((claim) => claim.slot), ...occupied]);
    this.#options.hands.slots.giveBack(slots.filter((slot) => !used.has(slot)));
  }

  #noteState(paused: boolean, unregistered: boolean): void {
    if (unregistered && !this.#unregistered) this.#options.events.unregistered();
    this.#unregistered = unregistered;
    if (paused === this.#paused || unregistered) return;
    this.#paused = paused;
    this.#options.events.paused(paused);
  }

  /** What occupied slots may be gone. */
  tryOccupied(): void {
    this.#options.hands.slots.giveBack(this.#occupied.splice(0));
  }

  /** Redis may be another one, after a fail-over: a record that we had disposed of may be back. */
  doubtIdle(): void {
    const { slots } = this.#options.hands;
    this.#doubtful.push(...slots.take(slots.idle));
  }

  /** Asks what the doubtful slots hold, and runs what we did not know of. Only while none is under way. */
  async reconcile(): Promise<void> {
    const { hands, store, events, lifecycle } = this.#options;
    while (this.#doubtful.length > 0) {
      const asked = this.#doubtful.slice(0, MOST_IN_ONE_CALL);
      const some = [...new Set(asked)];
      const held = await store.held(some);
      // No more than were asked about: others may have come meanwhile.
      this.#doubtful.splice(0, asked.length);
      const { unknown, idle, delivered } = reconcile(some, held, hands.outbox);
      for (const { claim } of delivered) events.delivered(claim);
      hands.slots.giveBack(idle);
      if (unknown.length > 0) events.adopted(unknown.length);
      for (const claim of unknown) hands.take(claim, lifecycle.claiming);
    }
  }
}

async function passed(turns: number): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}
