/** The parts of a call of the ack-and-claim script: its finishes in their order, and its constant arguments. Pure. */
import type { Finish } from '../engine/interfaces.js';
import type { Keys } from './keys.js';

/** Limit for the bytes of jobs acknowledged in one call, so that other clients of Redis do not wait for long. */
const MOST_FINISHED_BYTES = 2 ** 21;

export interface FixedOptions {
  readonly workerId: (slot: number) => string;
  readonly checkRegistered?: boolean;
  readonly quarantine?: boolean;
}

/** What is the same in each call, in the order of the script's arguments. */
export interface FixedArguments {
  /** Worker ids are sent as the parts before and after the slot number. */
  readonly prefixes: readonly string[];
  readonly keys: readonly string[];
  /** Only sent with jobs that failed, are requeued, or are to run again. */
  readonly movedKeys: readonly string[];
  readonly registration: string;
}

interface Lists {
  /** The set with the names of the queues that have one. */
  readonly set: string;
  list(queue: string): string;
}

export function listsOf(keys: Keys, quarantine = false): Lists {
  return quarantine ? { set: keys.quarantines, list: keys.quarantine } : { set: keys.queues, list: keys.queue };
}

export function fixedArguments(
  keys: Keys,
  { workerId, checkRegistered, quarantine }: FixedOptions,
  { set, list }: Lists,
): FixedArguments {
  const [before, after] = aroundSlot(workerId);
  const registration = checkRegistered ? keys.started(workerId(0)) : '';
  return {
    prefixes: [keys.worker(before), keys.processedBy(before), after],
    // The quarantine child runs no retries.
    keys: [list(''), keys.processed, registration, quarantine ? '' : keys.retries],
    movedKeys: [set, keys.failed, keys.failures, keys.failuresOf(before), keys.retries, keys.stat],
    registration,
  };
}

/**
 * The finishes as the script gets them: those that are done, then the others.
 * @returns `order`: the place of each finish in the script's order; undefined if that is the given one
 */
export function inSendingOrder(finishes: readonly Finish[]): {
  done: readonly Finish[];
  moved: readonly Finish[];
  order: readonly number[] | undefined;
} {
  if (finishes.every(isDone)) return { done: finishes, moved: NONE, order: undefined };
  const [done, moved] = [finishes.filter(isDone), finishes.filter((finish) => !isDone(finish))];
  let [nextDone, nextMoved] = [0, done.length];
  return { done, moved, order: finishes.map((finish) => (isDone(finish) ? nextDone++ : nextMoved++)) };
}

const NONE: readonly Finish[] = [];

function isDone({ outcome: { kind } }: Finish): boolean {
  return kind === 'done' || kind === 'discarded';
}

export function slotsOf(finishes: readonly Finish[]): number[] {
  return finishes.map(({ claim }) => claim.slot);
}

/** The parts of a worker id before and after the slot. */
function aroundSlot(workerId: (slot: number) => string): [string, string] {
  const [one, other] = [workerId(0), workerId(1)];
  let at = 0;
  while (one[at] === other[at]) at++;
  return [one.slice(0, at), one.slice(at + 1)];
}

/** Parts whose jobs have at most so many bytes that Redis moves at once, or consist of a single job. */
export function partsBySize(finishes: readonly Finish[]): readonly (readonly Finish[])[] {
  const parts: (readonly Finish[])[] = [];
  let from = 0;
  let bytes = 0;
  for (const [i, { claim }] of finishes.entries()) {
    if (i > from && bytes + claim.payload.length > MOST_FINISHED_BYTES) {
      parts.push(finishes.slice(from, i));
      [from, bytes] = [i, 0];
    }
    bytes += claim.payload.length;
  }
  return from === 0 ? [finishes] : [...parts, finishes.slice(from)];
}

export interface SentSlots {
  readonly done: readonly Finish[];
  readonly moved: readonly Finish[];
  /** The slots that are not of `done` and may get a job. */
  readonly others: readonly number[];
  /** How many slots may get a job. */
  readonly idle: number;
}

export interface CallFacts {
  readonly tokenBase: string;
  readonly runAt: string;
}
