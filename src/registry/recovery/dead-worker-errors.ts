/** Failed entries for jobs whose worker died. They name Resque's exceptions, so that filters for Ruby match. Pure. */
import { failureParts } from '../../resque/failure.js';
import type { ClaimRecord } from '../../resque/record.js';
import { asError, type CaughtError } from '../../thrown.js';

/**
 * How a death was found. seen: by the parent of the process; gone: the process does not run on this machine any more;
 * expired: its heartbeat is too old; silent: it never had a heartbeat.
 */
export type DeathEvidence = 'seen' | 'gone' | 'expired' | 'silent';

/** The death is certain. */
class DirtyExit extends Error {
  override readonly name = 'Resque::DirtyExit';
}

/** The death was concluded from a heartbeat. */
class PruneDeadWorkerDirtyExit extends Error {
  override readonly name = 'Resque::PruneDeadWorkerDirtyExit';
}

/** Not an exception of Resque, which does not count deaths. */
class PoisonPillError extends Error {
  override readonly name = 'PoisonPillError';
}

/** @param exit how the process ended, if its parent saw it: `pid 4711 SIGKILL (signal 9)`, `pid 4711 exit 1` */
export function dirtyExit(
  id: string,
  death: DeathEvidence,
  className: string | undefined,
  exit: string | undefined,
): Error {
  if (death === 'seen' || death === 'gone') {
    if (exit === undefined) return new DirtyExit('Job still being processed');
    const verb = / exit \d/.test(exit) ? 'ended in the middle of the job:' : 'received unhandled signal';
    return new DirtyExit(`Child process ${verb} ${exit}`);
  }
  const what = className || 'an unreadable record';
  return new PruneDeadWorkerDirtyExit(`Worker ${id} did not gracefully exit while processing ${what}`);
}

/** Placeholder for the names of the dead processes, which only the script knows. */
export const NAMES = '<processes>';

/** @param quarantined the last process was the quarantine child, which ran nothing else */
export function poisonPill(id: string, death: DeathEvidence, exit: string | undefined, quarantined: boolean): Error {
  const how =
    exit ?? { seen: 'it died', gone: 'its process is gone', expired: 'no heartbeat', silent: 'no heartbeat' }[death];
  const last = quarantined ? ', the last of them in quarantine, where it ran alone' : '';
  return new PoisonPillError(
    `poison pill: 3 processes died within 72 hours while they ran this job (${NAMES})${last}: worker ${id} (${how})`,
  );
}

/** The failed entry is `head + payload + tail`, also for an unreadable record. */
export function entryAround(error: Error, id: string, raw: Buffer, record: ClaimRecord | undefined) {
  const shown = record?.shown.toString().startsWith('{') ? record.shown : undefined;
  const { head, tail } = failureParts(withoutStack(error), {
    workerId: id,
    queue: record?.queue ?? '',
    failedAt: new Date(),
    retry: record?.retry,
    ...rawPart(raw, record, shown),
  });
  const payload = shown ?? Buffer.from(JSON.stringify({ class: 'InvalidPayload', args: [raw.toString()] }));
  return { head, payload, tail };
}

/** The job did not throw the error, so its stack means nothing. */
function withoutStack(error: Error): CaughtError {
  error.stack = '';
  return asError(error);
}

/** The exact bytes, if the entry shows others. */
function rawPart(raw: Buffer, record: ClaimRecord | undefined, shown: Buffer | undefined): { raw?: Buffer } {
  if (shown === undefined) return { raw };
  return record?.strict === false ? { raw: record.payload } : {};
}
