/** Writes the events of the engine and the heartbeat to the log. All messages about running jobs and Redis are here. */
import type { Logger } from 'pino';
import type { Settings } from '../config/settings.js';
import type { EngineEvents } from '../engine/events.js';
import type { Run } from '../engine/run.js';
import { duration } from '../format.js';
import * as globals from '../globals.js';
import type { Outcome } from '../job.js';
import type { HeartbeatMessage } from '../registry/heartbeat-options.js';
import { VERSION } from '../version.js';
import { JobLines } from './job-lines.js';

/**
 * @param workerId of a slot
 * @param logJobs also log each job that succeeds
 */
export function logEngine(
  log: Logger,
  events: EngineEvents,
  workerId: (slot: number) => string,
  logJobs = false,
): void {
  const worker = (run: Run) => workerId(run.claim.slot);
  const about = (run: Run) => ({ class: run.class, queue: run.claim.queue, worker: worker(run) });
  const ms = (run: Run) => globals.Date.now() - run.startedAt;
  const debug = log.isLevelEnabled('debug');
  const lines = logJobs && log.isLevelEnabled('info') ? new JobLines(log) : undefined;
  events
    .on('finished', (run, outcome) => {
      if (outcome.kind === 'failed') log.error({ ...about(run), ms: ms(run), err: outcome.error }, 'job failed');
      else if (outcome.kind === 'requeue') log.warn(about(run), 'job requeued');
      else if (outcome.kind === 'retry')
        log.warn({ ...about(run), ms: ms(run), ...retryFields(outcome) }, retryText(outcome));
      else if (outcome.kind === 'discarded')
        log.info({ ...about(run), ms: ms(run), reason: outcome.error.message }, 'job discarded');
      else if (debug) log.debug({ ...about(run), ms: ms(run) }, 'job done');
      else lines?.done(run, worker(run));
    })
    .on('fenced', (claim) =>
      log.warn(
        { queue: claim.queue, worker: workerId(claim.slot) },
        'result discarded: this worker had been declared dead and its job was already recovered',
      ),
    )
    .on('outage', (error) =>
      log.error({ err: error }, 'Redis is unavailable: running jobs continue, retrying until it is back'),
    )
    .on('restored', (outageMs) => log.info({ outageMs }, 'Redis is back'))
    .on('adopted', (count) =>
      log.warn({ jobs: count }, 'running jobs that were claimed by a call whose reply was lost'),
    )
    .on('occupied', (slot) =>
      log.warn({ worker: workerId(slot) }, "slot skipped: its worker record holds another process's job"),
    )
    .on('paused', (paused) => log.info(paused ? 'paused by pause-all-workers' : 'resumed: pause-all-workers is off'))
    .on('unregistered', () =>
      log.warn('not in the registry any more (declared dead by another process): claiming nothing until registered'),
    );
}

type Retried = Extract<Outcome, { readonly kind: 'retry' }>;

function retryText({ inMs, counts }: Retried): string {
  return `${counts ? 'job failed: runs again' : 'job put off: runs again'} in ${duration(inMs)}`;
}

/** The number and the time of the next run. */
function retryFields({ inMs, state, error }: Retried) {
  return { attempt: state.attempt, at: new globals.Date(globals.Date.now() + inMs).toISOString(), err: error };
}

/** @param by a signal, or a command */
export function pausedText(by: string): string {
  return `paused by ${by} (SIGCONT or tsworker workers resume ends it)`;
}

/** Logs the messages of the heartbeat. */
export function heartbeatWording(log: Logger): (message: HeartbeatMessage) => void {
  return (message) => {
    switch (message.kind) {
      case 'reentered':
        log.warn(
          { workers: message.count },
          'registered again: another process had removed these workers from the registry',
        );
        break;
      case 'pruned':
        log.warn({ ...message.worker }, 'pruned a dead worker');
        if (message.worker.job?.outcome === 'poison_pill')
          log.error(
            { ...message.worker.job },
            'poison pill: this job was running when three processes died; it was moved to the failed list',
          );
        break;
      case 'problem':
        log.warn({ problem: message.message }, 'heartbeat failed: retrying at the next');
        break;
      case 'unreachable':
        log.warn(message.message);
        break;
      case 'beat':
    }
  };
}

/** Logs what the first connection waits for. */
export function connectWording(log: Logger, shownUri: string): { onWaiting(): void; onLoading(): void } {
  return {
    onWaiting: () => log.warn(`waiting for Redis at ${shownUri}`),
    onLoading: () => log.warn('Redis is loading its data: waiting'),
  };
}

export interface StartFacts {
  readonly classes: readonly string[];
  readonly tracking: boolean;
  /** The address without its password. */
  readonly redis: string;
}

/** The fields of the start line. */
export function startLine(log: Logger, settings: Settings, { classes, tracking, redis }: StartFacts): void {
  const { queues, weighted } = settings.queues;
  log.info(
    {
      queues: queues.map(({ name, weight }) => (weighted ? `${name}=${weight}` : name)).join(','),
      order: weighted ? 'weighted' : 'strict',
      concurrency: settings.concurrency,
      namespace: settings.namespace,
      version: VERSION,
      redis,
      classes,
    },
    'tsworker started',
  );
  if (!tracking)
    log.warn('Redis does not announce pushes (CLIENT TRACKING refused): polling, backing off to -interval');
}

/** The same in a few words, for a status line. */
export function statusText({ queues }: Settings): string {
  return `processing ${queues.queues.map(({ name }) => name).join(', ')}`;
}

/** Logs the job of each busy slot, and since when it runs. */
export function dumpRuns(log: Logger, runs: readonly Run[], workerId: (slot: number) => string): void {
  log.info({ busy: runs.length }, runs.length === 0 ? 'no running jobs' : 'running jobs follow');
  for (const run of [...runs].reverse()) {
    const since = new globals.Date(run.startedAt).toISOString();
    const { queue, slot } = run.claim;
    log.info(
      { worker: workerId(slot), queue, class: run.class, since, ms: globals.Date.now() - run.startedAt },
      'running',
    );
  }
}
