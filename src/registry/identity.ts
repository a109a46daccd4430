/** The identity of a process in the registry: one Resque worker id for each slot. Pure. */
import { createKeys, type Keys } from '../resque/keys.js';

/** Plain data, so that it can be passed to the heartbeat thread. */
export interface Identity {
  readonly namespace: string;
  readonly label: string;
  readonly pid: number;
  /** Queue names joined with commas, without weights and repeats: Ruby compares them as a set. */
  readonly queues: string;
  readonly concurrency: number;
  /** When this worker started, or last reloaded its job modules, by Redis' clock (see resque/schedules.ts). */
  readonly startedMs?: number;
}

/** `<label>:<pid>-<slot>:<queues>`, goworker's format. */
export function workerId(identity: Identity, slot: number): string {
  const { prefix, suffix } = idParts(identity);
  return `${prefix}${slot}${suffix}`;
}

/**
 * The parts of a worker id before and after the slot number. Scripts get them once, with slot numbers, since the queue
 * names may be long and the slots many.
 */
export function idParts({ label, pid, queues }: Identity): { readonly prefix: string; readonly suffix: string } {
  return { prefix: `${label}:${pid}-`, suffix: `:${queues}` };
}

/** The process as a whole: `<label>:<pid>`. */
export function processName(identity: Identity): string {
  return `${identity.label}:${identity.pid}`;
}

/** `<label>:<pid>` of a tsworker id; '' for any other id. */
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
