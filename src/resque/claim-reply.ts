/** Reads the replies of the ack-and-claim script. Pure. */
import * as globals from '../globals.js';
import type { Claim } from '../job.js';
import { readLock } from './lock.js';
import type { Selection } from './queue-selection.js';
import { parseRecord } from './record.js';

/** Index of their queue, payloads. */
export type LargeJobs = readonly [number, ...Buffer[]];
/**
 * state, drained, settled, occupied, large jobs, queues with retries and ms until they are due, empty queues; then the
 * claims: payloads or envelopes, and before them numbers that say what follows: 2 * queue + strict, or -1 - queue.
 */
export type ScriptReply = [
  number,
  number,
  Buffer,
  number[],
  LargeJobs | null,
  (Buffer | number)[],
  number[],
  ...(number | Buffer)[],
];
const FIRST_CLAIM = 7;

const ONE = '1'.charCodeAt(0);

export function readSettled(bytes: Buffer, order: readonly number[] | undefined): boolean[] {
  const settled: boolean[] = [];
  for (let i = 0; i < bytes.length; i++) settled.push(bytes[order === undefined ? i : order[i]] === ONE);
  return settled;
}

export function readClaims(
  reply: ScriptReply,
  free: readonly number[],
  { queues }: Selection,
  tokenBase: string,
): Claim[] {
  const claims: Claim[] = [];
  let [queue, strict, isRetry] = ['', false, false];
  for (let i = FIRST_CLAIM; i < reply.length; i++) {
    const part = reply[i] as number | Buffer;
    if (typeof part === 'number') {
      isRetry = part < 0;
      queue = queues[isRetry ? -1 - part : part >> 1].name;
      strict = (part & 1) === 1;
      continue;
    }
    const slot = free[claims.length];
    const token = tokenBase + slot;
    const claim = isRetry ? { slot, token, queue, ...inEnvelope(part) } : { slot, token, queue, payload: part, strict };
    claims.push(claimOf(claim));
  }
  return claims;
}

/** With the lock of a unique job. */
export function claimOf(claim: Claim): Claim {
  const lock = readLock(claim.payload);
  return lock === undefined ? claim : { ...claim, lock };
}

/** An invalid record counts as an unreadable payload. */
function inEnvelope(envelope: Buffer): Pick<Claim, 'payload' | 'strict' | 'retry'> {
  const { payload, strict, retry } = parseRecord(envelope) ?? { payload: envelope, strict: false, retry: undefined };
  return { payload, strict, retry };
}

export function without(idle: readonly number[], occupied: readonly number[]): readonly number[] {
  if (occupied.length === 0) return idle;
  const blocked = new globals.Set(occupied);
  return idle.filter((_, i) => !blocked.has(i));
}
