/** Sums up the enqueued jobs, and reports them to people or machines. */

import { count, counted, rate } from '../../../format.js';
import type { EnqueueResult } from '../../../job.js';
import type { ReadyJob } from '../../../resque/payload-text.js';
import type { Call } from '../../command.js';
import { printLine } from '../../io.js';
import { printDocument } from '../../json.js';
import type { EnqueueFlags } from './definition.js';

export type EnqueueCall = Call<EnqueueFlags>;

export class EnqueueCounts {
  total = 0;
  /** Not enqueued: another job holds the lock. */
  kept = 0;
  /** The last line whose job was enqueued. */
  upTo = 0;
  readonly queues = new Map<string, number>();
  readonly #begun = performance.now();

  add(jobs: readonly ReadyJob[], results: readonly EnqueueResult[], upTo = 0): void {
    this.upTo = upTo;
    const enqueued = jobs.filter((_, i) => results[i].status !== 'kept');
    this.total += enqueued.length;
    this.kept += jobs.length - enqueued.length;
    for (const { queue } of enqueued) this.queues.set(queue, (this.queues.get(queue) ?? 0) + 1);
  }

  get seconds(): number {
    return (performance.now() - this.#begun) / 1000;
  }

  /** Queues by the number of jobs that were enqueued. */
  get lines(): readonly (readonly [queue: string, jobs: number])[] {
    return [...this.queues].sort(([, a], [, b]) => b - a);
  }
}

export const KEPT = 'not enqueued: the same job waits or runs already (tsworker locks shows its lock)';

const MOST_QUEUES = 5;

/** @returns the given exit code */
export function report({ io, flags }: EnqueueCall, counts: EnqueueCounts, code: number): number {
  const { total, kept, seconds, lines } = counts;
  const dryRun = flags['dry-run'] === true;
  if (flags.json) {
    const queues = Object.fromEntries(lines);
    printDocument(io, { enqueued: total, kept, queues, seconds: Number(seconds.toFixed(3)), dryRun });
    return code;
  }
  if (flags.file === undefined && kept > 0) {
    printLine(io, KEPT);
    return code;
  }
  const names = lines
    .slice(0, MOST_QUEUES)
    .map(([queue, jobs]) => (lines.length > 1 ? `${queue} ${count(jobs)}` : queue));
  const more = lines.length > MOST_QUEUES ? `, … ${counted(lines.length, 'queue')} in all` : '';
  const where = lines.length === 0 ? '' : ` in ${names.join(', ')}${more}`;
  const speed =
    flags.file === undefined || dryRun ? '' : `; ${seconds.toFixed(1)} s, ${rate(total / seconds)} a second`;
  const others = kept === 0 ? '' : `; ${count(kept)} not, since the same job waits or runs already`;
  printLine(io, `${counted(total, 'job')} ${dryRun ? 'would be enqueued' : 'enqueued'}${where}${others}${speed}`);
  return code;
}
