/**
 * When a job was enqueued, where its payload says so. Resque's own payloads do not; those of ActiveJob and php-resque do,
 * and any producer may with a field `enqueued_at` beside `class` and `args`, as this package's `enqueue` does while it is
 * traced. Pure, and light: worker processes load it too.
 */
import { parseTime } from './time.js';

/** php-resque's is `queue_time`. */
const FIELDS = [Buffer.from('"enqueued_at"'), Buffer.from('"queue_time"')];
/** How Rails wraps its jobs. */
export const WRAPPER = 'ActiveJob::QueueAdapters::ResqueAdapter::JobWrapper';

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
  const { class: name, args, enqueued_at: own, queue_time: php } = job as Readonly<Record<string, unknown>>;
  const [wrapped] = name === WRAPPER && Array.isArray(args) ? (args as unknown[]) : [];
  const rails = (wrapped ?? {}) as { readonly enqueued_at?: unknown; readonly scheduled_at?: unknown };
  const times = [parseTime(rails.enqueued_at), parseTime(rails.scheduled_at)].filter((time) => time !== undefined);
  return times.length > 0 ? Math.max(...times) : parseTime(own ?? php);
}
