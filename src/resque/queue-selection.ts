/**
 * Which queues a call of the ack-and-claim script names. With few queues: all. With many, each is either a *candidate*
 * or *armed*: known to be empty (or paused), and watched by Redis, which reports the next push. A call names candidates
 * only; order and weights hold among them, since all others are empty. A report, a push of our own, a reconnect and a
 * regular look make a queue a candidate again. Knows nothing of calls that are lost: their queues stay candidates.
 */
import type { WeightedQueue } from '../config/settings.js';
import * as globals from '../globals.js';

/** Up to this many queues, every call names all. */
const FEW = 16;
/** Queues in one call at most: a larger call would delay Redis' other clients. */
const MOST = 500;
/** Queues in a call at least, and for each slot: each of them has a job, as far as is known. */
const [LEAST, FOR_EACH_SLOT] = [32, 2];
/** Steps of the walk through the weights, for each queue in a call. */
const STEPS = 8;
/** Distributed evenly over the shares of the queues, in any number of steps. The script's step. */
export const GOLDEN = 0.6180339887498949;

export interface Queue extends WeightedQueue {
  /** Its place in the order. */
  index: number;
  readonly list: string;
  readonly pauseKey: string;
  candidate: boolean;
  /** Paused when it was looked at. */
  paused: boolean;
  /** When it became a candidate last, by the count of calls and reports. */
  changedAt: number;
}

/** What one call names. */
export interface Selection {
  readonly queues: readonly Queue[];
  /** Undefined in strict order. */
  readonly weights: readonly number[] | undefined;
  /** Where the walk through the weights begins. */
  readonly position: number;
  /** The reply is to say which queues are empty. */
  readonly tellsEmpty: boolean;
  readonly madeAt: number;
}

export interface SelectionOptions {
  readonly weighted: boolean;
  /** Redis reports changes. false: an empty queue has to be asked again in each look. */
  readonly tracked: boolean;
  listOf(queue: string): string;
  pauseKeyOf(queue: string): string;
}

export class QueueSelection {
  readonly #options: SelectionOptions;
  #queues: Queue[] = [];
  #byName: ReadonlyMap<string, Queue> = new globals.Map();
  #byKey: ReadonlyMap<string, Queue> = new globals.Map();
  /** In their order. */
  #candidates: Queue[] = [];
  #clock = 0;
  #most = LEAST;
  #foundInRound = false;
  /** Where the next regular look begins. */
  #nextLook = 0;
  /** When the retries of a queue are due, in this process' milliseconds. */
  readonly #retries = new globals.Map<Queue, number>();
  /** Where the walk through the weights continues; random at first, so that processes differ. */
  #position = Math.random();

  constructor(options: SelectionOptions, queues: readonly WeightedQueue[]) {
    this.#options = options;
    this.setQueues(queues);
  }

  /**
   * The queues in their order: those that are new become candidates.
   * @returns whether there are new ones
   */
  setQueues(queues: readonly WeightedQueue[]): boolean {
    const before = this.#byName;
    let isNew = false;
    const { listOf, pauseKeyOf } = this.#options;
    this.#queues = queues.map(({ name, weight }, index) => {
      const known = before.get(name);
      if (known !== undefined && known.weight === weight) {
        known.index = index;
        return known;
      }
      isNew = true;
      const keys = { list: listOf(name), pauseKey: pauseKeyOf(name) };
      return { name, weight, index, ...keys, candidate: true, paused: false, changedAt: this.#clock };
    });
    this.#byName = new globals.Map(this.#queues.map((queue) => [queue.name, queue]));
    this.#byKey = new globals.Map(
      this.#queues.flatMap((queue): [string, Queue][] => [
        [queue.list, queue],
        [queue.pauseKey, queue],
      ]),
    );
    this.#candidates = this.#queues.filter(({ candidate }) => candidate);
    for (const queue of this.#retries.keys()) {
      if (this.#byName.get(queue.name) !== queue) this.#retries.delete(queue);
    }
    return isNew;
  }

  /** Whether there is something to look at before the queues are known to be empty. */
  get isDone(): boolean {
    return this.#queues.length <= FEW || this.#candidates.length === 0;
  }

  /** @param slots how many jobs are wanted */
  select(slots: number): Selection {
    this.#wakeDue();
    const { tracked } = this.#options;
    const few = this.#queues.length <= FEW;
    if (!few && !tracked && this.#candidates.length === 0) this.all();
    const from = few ? this.#queues : this.#candidates;
    const most = Math.min(MOST, Math.max(tracked ? this.#most : MOST, FOR_EACH_SLOT * slots));
    const [queues, weights] = slots === 0 ? [[], undefined] : this.#choose(from, few ? MOST : most);
    for (const queue of queues) this.#retries.delete(queue);
    const position = this.#walk(slots);
    return { queues, weights, position, tellsEmpty: !few, madeAt: ++this.#clock };
  }

  #choose(from: readonly Queue[], most: number): [readonly Queue[], readonly number[] | undefined] {
    const { weighted } = this.#options;
    if (from.length <= most) return [[...from], weighted ? from.map(({ weight }) => weight) : undefined];
    return weighted ? this.#byShare(from, most) : [from.slice(0, most), undefined];
  }

  /** The queues on which steps of the walk fall; the script shares the slots out among them by the number of steps. */
  #byShare(from: readonly Queue[], most: number): [Queue[], number[]] {
    const ends: number[] = [];
    let total = 0;
    for (const { weight } of from) {
      total += weight;
      ends.push(total);
    }
    const steps = new globals.Map<Queue, number>();
    for (let step = 0; step < STEPS * most && steps.size < most; step++) {
      const queue = from[firstAbove(ends, this.#walk(1) * total, (end) => end)];
      steps.set(queue, (steps.get(queue) ?? 0) + 1);
    }
    const chosen = [...steps].sort(([a], [b]) => a.index - b.index);
    return [chosen.map(([queue]) => queue), chosen.map(([, count]) => count)];
  }

  #walk(steps: number): number {
    const from = this.#position;
    this.#position = (from + GOLDEN * steps) % 1;
    return from;
  }

  /**
   * What a call found: arms its queues that were empty or paused, unless something has changed since the call was made.
   * @param found indexes in the selection; -1 - index for a paused queue
   */
  learn({ queues, madeAt }: Selection, found: readonly number[], claimed: number): void {
    let armed = 0;
    for (const code of found) {
      const queue = queues[code < 0 ? -1 - code : code];
      if (queue.changedAt >= madeAt || !queue.candidate) continue;
      queue.paused = code < 0;
      queue.candidate = false;
      armed++;
    }
    if (armed > 0) this.#candidates = this.#candidates.filter(({ candidate }) => candidate);
    if (!this.#options.tracked) this.#goRound(claimed);
    // Many queues are looked at for the first time: more of them in the next call.
    this.#most = claimed === 0 && armed > 0 && armed === queues.length ? Math.min(MOST, 2 * this.#most) : LEAST;
  }

  /** Nothing is reported: the queues are known to be empty after a round in which no job was found. */
  #goRound(claimed: number): void {
    if (claimed > 0) this.#foundInRound = true;
    if (this.#candidates.length > 0 || !this.#foundInRound) return;
    this.#foundInRound = false;
    this.all();
  }

  /** A queue has retries. @returns whether it is to be looked at now */
  retryIn(name: string, ms: number): boolean {
    const queue = this.#byName.get(name);
    if (queue === undefined || queue.paused) return false;
    this.#retries.set(queue, globals.now() + ms);
    if (ms > 0 || queue.candidate) return false;
    this.#change(queue);
    return true;
  }

  /** Milliseconds until the first known retry is due; undefined if there is none. */
  get nextRetryMs(): number | undefined {
    let first: number | undefined;
    for (const at of this.#retries.values()) first = first === undefined || at < first ? at : first;
    return first === undefined ? undefined : Math.max(0, Math.ceil(first - globals.now()));
  }

  #wakeDue(): void {
    for (const [queue, at] of this.#retries) if (at <= globals.now()) this.#change(queue);
  }

  /** Redis reports a change of this key; null: of any. @returns whether it is of a queue */
  changed(key: string | null): boolean {
    if (key === null) {
      this.all();
      return true;
    }
    const queue = this.#byKey.get(key);
    if (queue !== undefined) this.#change(queue);
    return queue !== undefined;
  }

  /** This process has pushed to a queue: Redis does not report that. */
  pushedTo(name: string): void {
    const queue = this.#byName.get(name);
    if (queue !== undefined) this.#change(queue);
  }

  /** All knowledge is outdated: every queue becomes a candidate. */
  all(): void {
    for (const queue of this.#queues) this.#change(queue, false);
    this.#candidates = [...this.#queues];
  }

  /** To be called from time to time, in case a report was lost: some queues become candidates, in turn. */
  look(): void {
    if (!this.#options.tracked) {
      this.all();
      return;
    }
    const from = this.#nextLook < this.#queues.length ? this.#nextLook : 0;
    this.#nextLook = from + MOST;
    for (const queue of this.#queues.slice(from, this.#nextLook)) this.#change(queue, false);
    this.#candidates = this.#queues.filter(({ candidate }) => candidate);
  }

  #change(queue: Queue, listed = true): void {
    queue.changedAt = this.#clock;
    queue.paused = false;
    if (queue.candidate) return;
    queue.candidate = true;
    if (listed) this.#candidates.splice(firstAbove(this.#candidates, queue.index, indexOf), 0, queue);
  }
}

const indexOf = ({ index }: Queue) => index;

/** The place of the first element whose number is above `limit`; the numbers ascend. */
function firstAbove<T>(elements: readonly T[], limit: number, numberOf: (element: T) => number): number {
  let [low, high] = [0, elements.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numberOf(elements[middle]) > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}
