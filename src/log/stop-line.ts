/** The last line of a worker. */
import type { Logger } from 'pino';
import { counted } from '../format.js';
import type { LaterJobs } from '../inspect/later.js';

/** @param later what `-exit-on-complete` did not wait for; undefined: not counted */
export function stopLine(log: Logger, counts: object, later: LaterJobs | undefined): void {
  const left = later === undefined ? [] : [...delayedText(later), ...retryingText(later)];
  log.info({ ...counts, ...later }, `tsworker stopped${left.length === 0 ? '' : `: ${left.join(', ')}`}`);
}

function delayedText({ delayed }: LaterJobs): string[] {
  if (delayed === 0) return [];
  return [delayed === undefined ? 'thousands of jobs are delayed' : `${counted(delayed, 'job')} delayed`];
}

function retryingText({ retrying }: LaterJobs): string[] {
  return retrying === 0 ? [] : [`${counted(retrying, 'job')} to run again`];
}
