/** What was enqueued: added up, and told to people or machines. */

import { count, counted, rate } from '../../../format.js';
import type { ReadyJob } from '../../../resque/payload-text.js';
import type { Call } from '../../command.js';
import { printLine } from '../../io.js';
import { printDocument } from '../../json.js';
import type { EnqueueFlags } from './definition.js';

export type EnqueueCall = Call<EnqueueFlags>;

export class Tally {
  total = 0;
  /** The last line that is in. */
  upTo = 0;
  readonly queues = new Map<string, number>();
  readonly #begun = performance.now();

  add(jobs: readonly ReadyJob[], upTo = 0): void {
    this.upTo = upTo;
    this.total += jobs.length;
    for (const { queue } of jobs) this.queues.set(queue, (this.queues.get(queue) ?? 0) + 1);
  }

  get seconds(): number {
    return (performance.now() - this.#begun) / 1000;
  }

  /** Queues by how much came into them. */
  get lines(): readonly (readonly [queue: string, jobs: number])[] {
    return [...this.queues].sort(([, a], [, b]) => b - a);
  }
}

const MOST_QUEUES = 5;

/** @returns the exit code it was given */
export function report({ io, flags }: EnqueueCall, tally: Tally, code: number): number {
  const { total, seconds, lines } = tally;
  const dryRun = flags['dry-run'] === true;
  if (flags.json) {
    const queues = Object.fromEntries(lines);
    printDocument(io, { enqueued: total, queues, seconds: Number(seconds.toFixed(3)), dryRun });
    return code;
  }
  const names = lines
    .slice(0, MOST_QUEUES)
    .map(([queue, jobs]) => (lines.length > 1 ? `${queue} ${count(jobs)}` : queue));
  const more = lines.length > MOST_QUEUES ? `, … ${counted(lines.length, 'queue')} in all` : '';
  const where = lines.length === 0 ? '' : ` in ${names.join(', ')}${more}`;
  const speed =
    flags.file === undefined || dryRun ? '' : `; ${seconds.toFixed(1)} s, ${rate(total / seconds)} a second`;
  printLine(io, `${counted(total, 'job')} ${dryRun ? 'would be enqueued' : 'enqueued'}${where}${speed}`);
  return code;
}
