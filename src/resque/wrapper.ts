/** How Rails wraps its jobs for Resque: ActiveJob's hash is the one argument of a class of its own. Pure. */

export const WRAPPER = 'ActiveJob::QueueAdapters::ResqueAdapter::JobWrapper';

/** What ActiveJob writes: `job_class`, `job_id`, `arguments`, … Every member may be missing, or be anything. */
export type JobHash = Readonly<Record<string, unknown>>;

interface Payload {
  readonly class?: unknown;
  readonly args?: unknown;
}

/** @returns undefined for a job that is not wrapped, and for a wrapper without its hash */
export function wrappedJob({ class: name, args }: Payload): JobHash | undefined {
  if (name !== WRAPPER || !Array.isArray(args)) return undefined;
  const [first] = args as unknown[];
  return typeof first === 'object' && first !== null && !Array.isArray(first) ? (first as JobHash) : undefined;
}

/** The class of the job itself, also of a wrapped one; '' if missing. */
export function ownClass(payload: Payload): string {
  const wrapped = wrappedJob(payload)?.job_class;
  if (typeof wrapped === 'string') return wrapped;
  return typeof payload.class === 'string' ? payload.class : '';
}
