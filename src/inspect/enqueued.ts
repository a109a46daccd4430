/**
 * When a job was enqueued, where its payload says so. Resque's own payloads do not; those of ActiveJob and php-resque do,
 * and any producer may with a field `enqueued_at` beside `class` and `args`, as this package's `enqueue` does while it is
 * traced. Pure, and light: worker processes load it too.
 */
import { wrappedJob } from '../resque/wrapper.js';
import { parseTime } from './time.js';

/** php-resque's is `queue_time`. */
const FIELDS = [Buffer.from('"enqueued_at"'), Buffer.from('"queue_time"')];

/** @returns milliseconds since the epoch; undefined where it is not known. Cheap for payloads without such a field. */
export function enqueuedAt(payload: Buffer): number | undefined {
  if (!FIELDS.some((field) => payload.includes(field))) return undefined;
  try {
    return enqueuedAtOf(JSON.parse(payload.toString()));
  } catch {
    return undefined;
  }
}

/** The same of a payload that is decoded already. A job of Rails' for later waits from the time it was scheduled for. */
export function enqueuedAtOf(job: unknown): number | undefined {
  if (typeof job !== 'object' || job === null) return undefined;
  const { enqueued_at: own, queue_time: php } = job as Readonly<Record<string, unknown>>;
  const rails = wrappedJob(job) ?? {};
  const times = [parseTime(rails.enqueued_at), parseTime(rails.scheduled_at)].filter((time) => time !== undefined);
  return times.length > 0 ? Math.max(...times) : parseTime(own ?? php);
}
