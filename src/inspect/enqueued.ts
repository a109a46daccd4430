/**
 * When a job was enqueued, if its payload contains the time. Resque's own payloads do not; those of ActiveJob and
 * php-resque do, and any producer may add a field `enqueued_at` beside `class` and `args`, as `enqueue` of this package
 * does while it is traced. Pure, and small: worker processes load it too.
 */
import { wrappedJob } from '../resque/wrapper.js';
import { parseTime } from './time.js';

/** php-resque's field is `queue_time`. */
const FIELDS = [Buffer.from('"enqueued_at"'), Buffer.from('"queue_time"')];

/** @returns milliseconds since the epoch; undefined if it is not known. Cheap for payloads without such a field. */
export function enqueuedAt(payload: Buffer): number | undefined {
  if (!FIELDS.some((field) => payload.includes(field))) return undefined;
  try {
    return enqueuedAtOf(JSON.parse(payload.toString()));
  } catch {
    return undefined;
  }
}

/** The same for a decoded payload. A delayed job of Rails waits from its scheduled time. */
export function enqueuedAtOf(job: unknown): number | undefined {
  if (typeof job !== 'object' || job === null) return undefined;
  const { enqueued_at: own, queue_time: php } = job as Readonly<Record<string, unknown>>;
  const rails = wrappedJob(job) ?? {};
  const times = [parseTime(rails.enqueued_at), parseTime(rails.scheduled_at)].filter((time) => time !== undefined);
  return times.length > 0 ? Math.max(...times) : parseTime(own ?? php);
}
