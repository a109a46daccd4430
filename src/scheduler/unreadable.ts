/** What becomes of a due item that the promotion script does not move by itself: a large one, or one that is no job. Pure. */
import { isUtf8 } from 'node:buffer';
import type { DelayedItem, Destination } from '../resque/delayed.js';
import { failureParts } from '../resque/failure.js';
import { membersOf } from '../resque/json-scan.js';
import { CaughtError } from '../thrown.js';

/** Where the item is to go; `reason` where that is `failed`. */
export interface Decision {
  readonly destination: Destination;
  readonly reason: string | undefined;
}

/**
 * @param scheduler the name of the process, which stands in the failed entry as its worker
 * @param wrong why it cannot be promoted, where that is known already
 */
export function destinationOf({ item }: DelayedItem, scheduler: string, wrong?: string): Decision {
  const job = readJob(item);
  const reason = wrong ?? job.wrong;
  if (reason === undefined) return { destination: { to: 'queue', queue: job.queue, payload: item }, reason };
  return { destination: { to: 'failed', entry: failedEntry(item, job, scheduler, reason) }, reason };
}

interface ReadItem {
  readonly queue: string;
  /** It is an object, so that it can stand in the failed entry as it is. */
  readonly isObject: boolean;
  readonly wrong: string | undefined;
}

function readJob(item: Buffer): ReadItem {
  if (!isUtf8(item)) return { queue: '', isObject: false, wrong: 'the delayed item is not valid UTF-8' };
  const value = parsed(item.toString());
  if (value === undefined || membersOf(item) === undefined)
    return { queue: '', isObject: false, wrong: 'the delayed item is not a JSON object' };
  const { class: name, queue } = value;
  const named = typeof queue === 'string' ? queue : '';
  if (typeof name !== 'string' || name === '')
    return { queue: named, isObject: false, wrong: 'the delayed item has no class' };
  if (named === '') return { queue: named, isObject: true, wrong: 'the delayed item has no queue' };
  return { queue: named, isObject: true, wrong: undefined };
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** As the worker writes one for a payload that it cannot read: resque-web shows it, and `failed` can tell the bytes. */
function failedEntry(item: Buffer, { queue, isObject }: ReadItem, scheduler: string, reason: string): Buffer {
  const error = new CaughtError({ name: 'InvalidDelayedJob', message: reason, stack: '' });
  const { head, tail } = failureParts(error, {
    workerId: scheduler,
    queue,
    failedAt: new Date(),
    ...(isObject ? {} : { raw: item }),
  });
  const shown = JSON.stringify({
    class: 'InvalidPayload',
    args: [isUtf8(item) ? item.toString() : item.toString('latin1')],
  });
  return Buffer.concat([Buffer.from(head), isObject ? item : Buffer.from(shown), Buffer.from(tail)]);
}
