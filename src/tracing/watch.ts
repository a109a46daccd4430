/** Traces running jobs: with spans if there is an SDK, and with channels if there are subscribers. */
import type { Run } from '../engine/run.js';
import type { Outcome } from '../job.js';
import type { Watcher } from '../job-modules/perform.js';
import { JobChannel } from './channel.js';
import { isTraced, readMark } from './mark.js';
import type { JobSpans } from './spans.js';

export interface JobWatch extends Watcher {
  finished(run: Run, outcome: Outcome): void;
}

/**
 * @param refused called with the reason if there is an SDK and no spans are possible
 */
export async function watchJobs(
  workerId: (slot: number) => string,
  refused: (reason: string) => void,
): Promise<JobWatch> {
  const channel = new JobChannel(workerId);
  const spans = isTraced() ? await makeSpans(workerId, refused) : undefined;
  return new Watch(channel, spans);
}

async function makeSpans(workerId: (slot: number) => string, refused: (reason: string) => void) {
  const [{ isAnswered }, { JobSpans }] = await Promise.all([import('./api.js'), import('./spans.js')]);
  if (isAnswered()) return new JobSpans(workerId);
  refused(
    `no spans: the OpenTelemetry SDK here came with @opentelemetry/api ${readMark()?.version}, older than tsworker's own copy; let one version serve both`,
  );
  return undefined;
}

class Watch implements JobWatch {
  readonly #channel: JobChannel;
  readonly #spans: JobSpans | undefined;

  constructor(channel: JobChannel, spans: JobSpans | undefined) {
    this.#channel = channel;
    this.#spans = spans;
  }

  get watches(): boolean {
    return this.#spans !== undefined || this.#channel.watched;
  }

  around(run: Run, job: () => unknown): unknown {
    const inner = this.#channel.watched ? () => this.#channel.around(run, job) : job;
    return this.#spans === undefined ? inner() : this.#spans.around(run, inner);
  }

  finished(run: Run, outcome: Outcome): void {
    this.#channel.finished(run, outcome);
    this.#spans?.finished(run, outcome);
  }
}
