/**
 * The attribute names of OpenTelemetry's messaging conventions, and those of the instrumentation for Ruby's Resque where
 * the conventions have none: one trace may contain both. Pure.
 */
import type { Outcome } from '../job.js';

export type OutcomeName = 'done' | 'failed' | 'retried' | 'discarded' | 'requeued';

const OUTCOMES: Readonly<Record<Outcome['kind'], OutcomeName>> = {
  done: 'done',
  failed: 'failed',
  retry: 'retried',
  discarded: 'discarded',
  requeue: 'requeued',
};

export function outcomeName({ kind }: Outcome): OutcomeName {
  return OUTCOMES[kind];
}

export const SYSTEM = { 'messaging.system': 'resque' } as const;

/** The fields of the payload: a propagator must not overwrite them. */
const OWN_FIELDS: ReadonlySet<string> = new Set(['class', 'args', 'queue']);

export const JOB_CLASS = 'messaging.resque.job_class';

/** The fields that a propagator adds to a payload beside `class` and `args`, as the instrumentation for Ruby does. */
export function fieldsOf(carrier: Readonly<Record<string, unknown>>): Record<string, string> {
  const texts = Object.entries(carrier).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string' && !OWN_FIELDS.has(entry[0]),
  );
  return Object.fromEntries(texts);
}

/** The fields that the producer's propagator wrote; `{}` if they cannot be read. */
export function carrierIn(payload: Buffer, fields: readonly string[]): Record<string, string> {
  const text = payload.toString();
  // Most payloads have none: they are not parsed again.
  if (!fields.some((field) => text.includes(`"${field}"`))) return {};
  try {
    const job: unknown = JSON.parse(text);
    return typeof job === 'object' && job !== null ? fieldsOf(job as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
