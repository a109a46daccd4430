/**
 * When a job was enqueued, where its payload says so. Resque's own payloads do not; those of ActiveJob and php-resque do,
 * and any producer may with a field `enqueued_at` beside `class` and `args`, as this package's `enqueue` does while it is
 * traced. Pure.
 */

/** php-resque's is `queue_time`. */
const FIELDS = [Buffer.from('"enqueued_at"'), Buffer.from('"queue_time"')];
const WRAPPER = 'ActiveJob::QueueAdapters::ResqueAdapter::JobWrapper';
/** Later than any time in seconds, earlier than any in milliseconds. */
const MILLISECONDS_FROM = 1e11;

/** @returns milliseconds since the epoch; undefined where it is not known. Cheap for payloads without the field. */
export function enqueuedAt(payload: Buffer): number | undefined {
  if (!FIELDS.some((field) => payload.includes(field))) return undefined;
  try {
    const job: unknown = JSON.parse(payload.toString());
    if (typeof job !== 'object' || job === null) return undefined;
    const { class: name, enqueued_at: own, queue_time: php, args } = job as Record<string, unknown>;
    if (own !== undefined || php !== undefined) return timeOf(own ?? php);
    return name === WRAPPER && Array.isArray(args) ? activeJobTime(args[0]) : undefined;
  } catch {
    return undefined;
  }
}

/** A job for later waits from the time for which it was scheduled. */
function activeJobTime(wrapped: unknown): number | undefined {
  if (typeof wrapped !== 'object' || wrapped === null) return undefined;
  const { enqueued_at: enqueued, scheduled_at: scheduled } = wrapped as Record<string, unknown>;
  const times = [timeOf(enqueued), timeOf(scheduled)].filter((time) => time !== undefined);
  return times.length === 0 ? undefined : Math.max(...times);
}

/** ISO 8601, or seconds or milliseconds since the epoch. */
function timeOf(value: unknown): number | undefined {
  const time = typeof value === 'string' ? Date.parse(value) : typeof value === 'number' ? value : Number.NaN;
  if (!Number.isFinite(time) || time <= 0) return undefined;
  return typeof value === 'number' && time < MILLISECONDS_FROM ? time * 1000 : time;
}
