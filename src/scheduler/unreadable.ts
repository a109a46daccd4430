/** Decides where a due item goes that the promotion script does not move: a large one, or an invalid job. Pure. */
import { isUtf8 } from 'node:buffer';
import type { DelayedItem, Destination } from '../resque/delayed.js';
import { failureParts } from '../resque/failure.js';
import { membersOf } from '../resque/json-scan.js';
import { CaughtError } from '../thrown.js';

/** The destination of an item; `reason` is set if that is `failed`. */
export interface Decision {
  readonly destination: Destination;
  readonly reason: string | undefined;
}

/**
 * @param scheduler the name of the process, written as the worker of the failed entry
 * @param wrong why it cannot be promoted, if that is already known
 */
export function destinationOf({ item }: DelayedItem, scheduler: string, wrong?: string): Decision {
  const job = readJob(item);
  const reason = wrong ?? job.wrong;
  if (reason === undefined) return { destination: { to: 'queue', queue: job.queue, payload: item }, reason };
  return { destination: { to: 'failed', entry: failedEntry(item, job, scheduler, reason) }, reason };
}

interface ReadItem {
  readonly queue: string;
  /** A JSON object with a class, which can be the payload of the failed entry as it is. */
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

/** Same format as for an unreadable payload of a queue: resque-web shows it, and `failed` has the original bytes. */
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
