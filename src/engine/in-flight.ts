/**
 * What is in flight in this process: idle slots, running jobs, finished jobs that are still to be acknowledged, and
 * slots in doubt (Redis may hold claims for them that this process does not know). A slot is one Resque worker: one job
 * at a time. Knows nothing of the store.
 */
import * as globals from '../globals.js';
import type { Claim, Outcome } from '../job.js';
import type { EngineEvents } from './events.js';
import type { Finish, Perform } from './interfaces.js';
import type { Judge } from './run.js';
import { Run } from './run.js';

export interface InFlightOptions {
  readonly concurrency: number;
  readonly perform: Perform;
  readonly judge?: Judge | undefined;
  readonly events: EngineEvents;
  /** Called when something is to be acknowledged. */
  readonly onChange: () => void;
}

const REQUEUE: Outcome = { kind: 'requeue' };

export class InFlight {
  readonly #options: InFlightOptions;
  readonly #runs: (Run | undefined)[];
  /** Lowest number last, so that it is taken first: a worker with few jobs uses few slots. */
  readonly #idle: number[];
  /** The finish to be acknowledged, by slot. */
  readonly #ended: (Finish | undefined)[];
  /** In sending order. One that is not in `#ended` any more was acknowledged by a call whose reply was lost. */
  #toAck: Finish[] = [];
  #toAckCount = 0;
  /** Tokens of finishes that Redis may have counted already. */
  readonly #resent = new globals.Set<string>();
  readonly #doubtful = new globals.Set<number>();
  #busy = 0;
  #begun = 0;
  #requeued = 0;

  constructor(options: InFlightOptions) {
    const { concurrency } = options;
    this.#options = options;
    this.#runs = new Array<Run | undefined>(concurrency).fill(undefined);
    this.#ended = new Array<Finish | undefined>(concurrency).fill(undefined);
    this.#idle = Array.from({ length: concurrency }, (_, i) => concurrency - 1 - i);
  }

  /** Number of running jobs. */
  get busy(): number {
    return this.#busy;
  }

  get idle(): number {
    return this.#idle.length;
  }

  /** Number of finished jobs to be acknowledged. */
  get toAck(): number {
    return this.#toAckCount;
  }

  get isEmpty(): boolean {
    return this.#busy + this.#toAckCount === 0;
  }

  /** Number of jobs that had begun and were requeued, without those that were cancelled so. */
  get requeued(): number {
    return this.#requeued;
  }

  /** The latest claim first: requeued in this order, jobs are in their queue as before. */
  running(): Run[] {
    return this.#runs.filter((run) => run !== undefined).sort((a, b) => b.order - a.order);
  }

  find(slot: number, token: string): Run | undefined {
    const run = this.#runs[slot];
    return run?.claim.token === token ? run : undefined;
  }

  run(claim: Claim): void {
    const run = new Run(claim, this.#begun++, this.#settled, this.#options.judge);
    this.#runs[claim.slot] = run;
    this.#busy++;
    this.#options.events.emit('started', run);
    run.perform(this.#options.perform);
  }

  /** Requeues claims that are not to be run. The latest goes to the head of its queue first. */
  handBack(claims: readonly Claim[]): void {
    const finishes = claims.map((claim): Finish => ({ claim, outcome: REQUEUE })).reverse();
    for (const finish of finishes) this.#ended[finish.claim.slot] = finish;
    this.#toAck = [...finishes, ...this.#toAck];
    this.#toAckCount += finishes.length;
    this.#options.onChange();
  }

  /** Takes idle slots; the caller runs jobs in them, gives them back, or doubts them. */
  takeIdle(atMost: number): number[] {
    return atMost <= 0 ? [] : this.#idle.splice(-Math.min(atMost, this.#idle.length)).reverse();
  }

  giveBack(slots: readonly number[]): void {
    for (let i = slots.length - 1; i >= 0; i--) this.#idle.push(slots[i]);
  }

  /** Takes finishes to send; if the call fails, the caller returns them by {@link unacked}. */
  takeToAck(atMost: number): Finish[] {
    const taken: Finish[] = [];
    let read = 0;
    while (read < this.#toAck.length && taken.length < atMost) {
      const finish = this.#toAck[read++];
      if (this.#ended[finish.claim.slot] !== finish) continue;
      this.#ended[finish.claim.slot] = undefined;
      taken.push(finish);
    }
    if (read === this.#toAck.length) this.#toAck = [];
    else this.#toAck.splice(0, read);
    this.#toAckCount -= taken.length;
    return taken;
  }

  /** The call with these finishes failed: they are sent again, before all others. */
  unacked(finishes: readonly Finish[]): void {
    for (const finish of finishes) {
      this.#ended[finish.claim.slot] = finish;
      this.#resent.add(finish.claim.token);
    }
    this.#toAck = [...finishes, ...this.#toAck];
    this.#toAckCount += finishes.length;
  }

  /** Whether the finish had been sent before, so that Redis may have counted it then. Forgets it. */
  wasResent(token: string): boolean {
    return this.#resent.size > 0 && this.#resent.delete(token);
  }

  get hasDoubts(): boolean {
    return this.#doubtful.size > 0;
  }

  /** Marks slots, none of which runs a job, for which Redis may hold claims that this process does not know. */
  doubt(slots: Iterable<number>): void {
    for (const slot of slots) this.#doubtful.add(slot);
  }

  /** Doubts all idle slots, or those among the given ones. */
  doubtIdle(among?: ReadonlySet<number>): void {
    const all = this.takeIdle(this.idle);
    this.doubt(among === undefined ? all : all.filter((slot) => among.has(slot)));
    if (among !== undefined) this.giveBack(all.filter((slot) => !among.has(slot)));
  }

  /** Some of the slots in doubt. They stay in doubt until {@link learn}. */
  doubtful(atMost: number): number[] {
    const some: number[] = [];
    for (const slot of this.#doubtful) {
      if (some.length >= atMost) break;
      some.push(slot);
    }
    return some;
  }

  /**
   * Resolves doubts.
   * @param held the claims that Redis holds for these slots
   * @returns claims that were unknown, and slots without a claim: the caller runs or gives them back
   */
  learn(slots: readonly number[], held: readonly Claim[]): { readonly unknown: Claim[]; readonly free: number[] } {
    const claims = new globals.Map(held.map((claim) => [claim.slot, claim]));
    const [unknown, free]: [Claim[], number[]] = [[], []];
    for (const slot of slots) {
      this.#doubtful.delete(slot);
      const [claim, ended] = [claims.get(slot), this.#ended[slot]];
      if (claim === undefined) {
        if (ended === undefined) free.push(slot);
      } else if (claim.token !== ended?.claim.token) {
        // A newer claim in the slot shows that the finish was counted.
        if (ended !== undefined) this.#acked(ended);
        unknown.push(claim);
      }
    }
    return { unknown, free };
  }

  #acked({ claim, outcome }: Finish): void {
    this.#ended[claim.slot] = undefined;
    this.#toAckCount--;
    this.#resent.delete(claim.token);
    this.#options.events.emit('acked', claim, outcome);
  }

  #settled = (run: Run, outcome: Outcome): void => {
    const { claim } = run;
    this.#runs[claim.slot] = undefined;
    this.#busy--;
    if (outcome.kind === 'requeue' && !run.cancelled) this.#requeued++;
    const finish = { claim, outcome };
    this.#ended[claim.slot] = finish;
    this.#toAck.push(finish);
    this.#toAckCount++;
    this.#options.events.emit('finished', run, outcome);
    this.#options.onChange();
  };
}
