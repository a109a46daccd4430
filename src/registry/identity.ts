/** Who we are in the registry: one Resque worker id for each slot. Pure. */
import { createKeys, type Keys } from '../resque/keys.js';

/** Plain data, so that it can be handed to the heartbeat's thread. */
export interface Identity {
  readonly namespace: string;
  readonly label: string;
  readonly pid: number;
  /** Queue names joined with commas, without weights and repeats: Ruby compares them as a set. */
  readonly queues: string;
  readonly concurrency: number;
}

/** `<label>:<pid>-<slot>:<queues>`, goworker's form. */
export function workerId(identity: Identity, slot: number): string {
  const { prefix, suffix } = idParts(identity);
  return `${prefix}${slot}${suffix}`;
}

/**
 * What stands before and behind the slot number in a worker id. A script gets these once, and numbers: the names of the queues
 * may be long, and there may be many slots.
 */
export function idParts({ label, pid, queues }: Identity): { readonly prefix: string; readonly suffix: string } {
  return { prefix: `${label}:${pid}-`, suffix: `:${queues}` };
}

/** The process as a whole: `<label>:<pid>`. */
export function processName(identity: Identity): string {
  return `${identity.label}:${identity.pid}`;
}

/** `<label>:<pid>` of an id of ours; '' of any other. */
export function processOf(id: string): string {
  return /^([^:]+:\d+)-\d+:/.exec(id)?.[1] ?? '';
}

const CHUNK = 1000;

/** Slots that follow each other: `first` to `first + count - 1`. */
export interface SlotRange {
  readonly first: number;
  readonly count: number;
}

/** All slots, in ranges that fit one command. */
export function slotRanges({ concurrency }: Identity): SlotRange[] {
  const starts = Array.from({ length: Math.ceil(concurrency / CHUNK) }, (_, i) => i * CHUNK);
  return starts.map((first) => ({ first, count: Math.min(CHUNK, concurrency - first) }));
}

/** All worker ids, in chunks that fit one command. */
export function* idChunks(identity: Identity): Generator<string[]> {
  for (const { first, count } of slotRanges(identity))
    yield Array.from({ length: count }, (_, i) => workerId(identity, first + i));
}

export function keysOf(identity: Identity): Keys {
  return createKeys(identity.namespace);
}
