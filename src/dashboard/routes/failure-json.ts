/** A failed entry as `tsworker failed show -json` prints it, masked. */
import { entryId, FailedEntry, failureTime } from '../../inspect/failed/entry.js';
import { fingerprint } from '../../inspect/failed/fingerprint.js';
import type { Listed } from '../../inspect/failed/list.js';
import { isoTime, verbatim } from '../../json-text.js';
import type { Redactor } from '../redact/redactor.js';

export function failureJson({ n, raw }: Listed, redactor: Redactor): unknown {
  const entry = new FailedEntry(raw);
  const id = entryId(raw);
  if (entry.unreadable !== undefined)
    return { n, id, unreadable: entry.unreadable, text: redactor.text(raw.toString()) };
  const { class: name, wrapper, queue, worker, retriedAt } = entry;
  const { exception, error, backtrace, payload } = redactor.failure(entry);
  const job = entry.requeue();
  return {
    ...{ n, id, failedAt: isoTime(failureTime(entry)), class: name, kind: fingerprint(entry) },
    ...(wrapper === undefined ? {} : { wrapper }),
    ...{
      queue,
      exception,
      error,
      backtrace,
      worker,
      retriedAt: retriedAt === undefined ? null : redactor.text(retriedAt),
    },
    payload: payload === '' ? null : verbatim(payload),
    ...(typeof job === 'string' ? { cannotRetry: redactor.text(job) } : {}),
  };
}
