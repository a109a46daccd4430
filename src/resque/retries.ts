/** Retries: takes single ones out, for commands. Workers do it in the claim script. */
import type { Connection } from '../redis/connection.js';
import type { Keys } from './keys.js';
import { lockArgsOf } from './lock.js';
import { parseRecord } from './record.js';
import { callScript, SCRIPTS } from './scripts/index.js';

/** A retry, identified by its queue and the bytes of its envelope. */
export interface RetryItem {
  readonly queue: string;
  readonly envelope: Buffer;
}

/** The destination of a retry that is taken out. */
export type RetryDestination =
  | { readonly to: 'queue'; readonly payload: Buffer }
  /** `entry`: the whole failed entry. */
  | { readonly to: 'failed'; readonly entry: Buffer }
  | { readonly to: 'nowhere' };

/** gone: it does not exist (any more). refused: the key of its queue is not a list; it stays. */
export type RetryTaken = 'taken' | 'gone' | 'refused';

const STATES: Readonly<Record<string, RetryTaken>> = { '1': 'taken', '0': 'gone', x: 'refused' };

/**
 * Takes retries out and moves each to its destination, atomically; those that are gone are skipped.
 * @returns the result for each
 */
export async function takeRetries(
  connection: Connection,
  keys: Keys,
  items: readonly (RetryItem & { readonly destination: RetryDestination })[],
): Promise<RetryTaken[]> {
  if (items.length === 0) return [];
  const args = items.flatMap(({ queue, envelope, destination }) => [
    ...[queue, envelope, ...destinationArgs(destination)],
    ...lockArgsOf(keys, parseRecord(envelope)?.payload ?? envelope, destination.to !== 'queue'),
  ]);
  const names = [keys.queues, keys.queue(''), keys.failed, keys.failures];
  const reply = await callScript(connection, SCRIPTS.takeRetries, [keys.retries], [...names, ...args]);
  return Array.from(String(reply), (state) => STATES[state]);
}

function destinationArgs(destination: RetryDestination): [string, Buffer | string] {
  if (destination.to === 'queue') return ['queue', destination.payload];
  return destination.to === 'failed' ? ['failed', destination.entry] : ['nowhere', ''];
}
