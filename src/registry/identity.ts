/** Who we are in the books: one Resque worker id for each slot. Pure. */
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
  return `${identity.label}:${identity.pid}-${slot}:${identity.queues}`;
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

/** All worker ids, in chunks that fit one command. */
export function* idChunks(identity: Identity): Generator<string[]> {
  for (let first = 0; first < identity.concurrency; first += CHUNK) {
    const length = Math.min(CHUNK, identity.concurrency - first);
    yield Array.from({ length }, (_, i) => workerId(identity, first + i));
  }
}

export function keysOf(identity: Identity): Keys {
  return createKeys(identity.namespace);
}
