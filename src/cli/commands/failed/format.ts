/** Formats an entry of the failed list: for machines, and in parts for people. Pure. */
import { entryId, FailedEntry, failureTime } from '../../../inspect/failed/entry.js';
import { fingerprint } from '../../../inspect/failed/fingerprint.js';
import type { Listed } from '../../../inspect/failed/list.js';
import { isoTime, verbatim } from '../../json.js';

/** Enough digits to distinguish entries, few enough to type. */
const SHORT_ID = 7;

export function shortId(raw: Buffer): string {
  return entryId(raw).slice(0, SHORT_ID);
}

/** The whole entry. Large integers in the payload stay exact. */
export function asDocument({ n, raw }: Listed): unknown {
  const entry = new FailedEntry(raw);
  const id = entryId(raw);
  if (entry.unreadable !== undefined) return { n, id, unreadable: entry.unreadable, text: raw.toString() };
  const { class: name, wrapper, queue, exception, error, worker, retriedAt } = entry;
  const job = entry.requeue();
  const kept = typeof job !== 'string' && Buffer.isBuffer(job.payload) ? job.payload : undefined;
  return {
    ...{
      n,
      id,
      failedAt: isoTime(failureTime(entry)),
      class: name,
      kind: fingerprint(entry),
      ...(wrapper === undefined ? {} : { wrapper }),
    },
    ...{ queue, exception, error, backtrace: entry.backtrace, worker, retriedAt: retriedAt ?? null },
    payload: entry.payload === '' ? null : verbatim(entry.payload),
    ...(kept === undefined ? {} : { payloadBase64: kept.toString('base64') }),
    ...(typeof job === 'string' ? { cannotRetry: job } : {}),
  };
}

/** goworker writes its whole stack into the message. */
export function firstLine({ exception, error, unreadable }: FailedEntry): string {
  if (unreadable !== undefined) return `(${unreadable})`;
  const [line] = error.split('\n', 1);
  return [exception, line].filter((text) => text !== '').join(': ');
}
