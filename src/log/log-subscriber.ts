/** Events → log lines. All sentences about running jobs and Redis are here; nothing else logs them. */
import type { Logger } from 'pino';
import type { Settings } from '../config/settings.js';
import type { EngineEvents } from '../engine/events.js';
import type { Run } from '../engine/run.js';
import type { HeartbeatMessage } from '../registry/heartbeat.js';
import { VERSION } from '../version.js';

/** @param workerId of a slot */
export function logEngine(log: Logger, events: EngineEvents, workerId: (slot: number) => string): void {
  const about = (run: Run) => ({ queue: run.claim.queue, class: run.class, worker: workerId(run.claim.slot) });
  const debug = log.isLevelEnabled('debug');
  events
    .on('finished', (run, outcome) => {
      if (outcome.kind === 'failed') log.error({ ...about(run), err: outcome.error }, 'job failed');
      else if (outcome.kind === 'requeue') log.warn(about(run), 'job put back at the head of its queue');
      else if (debug) log.debug({ ...about(run), ms: Date.now() - run.startedAt }, 'job done');
    })
    .on('fenced', (claim) =>
      log.warn(
        { queue: claim.queue, worker: workerId(claim.slot) },
        'result discarded: this worker had been declared dead and its job was already recovered',
      ),
    )
    .on('outage', (error) =>
      log.error({ err: error }, 'Redis cannot be used; running jobs go on, retrying until it is back'),
    )
    .on('restored', (outageMs) => log.info({ outageMs }, 'Redis is back'))
    .on('adopted', (count) =>
      log.warn({ count }, 'found jobs that were claimed by a call whose reply was lost: running them'),
    )
    .on('occupied', (slot) =>
      log.warn({ worker: workerId(slot) }, "slot skipped: its worker record holds another process's job"),
    )
    .on('paused', (paused) =>
      log.info(paused ? 'paused by pause-all-workers' : 'pause-all-workers is over: working again'),
    )
    .on('unregistered', () =>
      log.warn(
        'our workers are not in the registry any more (we were taken for dead): claiming nothing until they are',
      ),
    );
}

/** The fleet's news, as the heartbeat tells it. */
export function heartbeatWording(log: Logger): (message: HeartbeatMessage) => void {
  return (message) => {
    switch (message.kind) {
      case 'reentered':
        log.warn({ count: message.count }, 'somebody had taken our workers out of the registry: registered again');
        break;
      case 'pruned':
        log.warn({ ...message.worker }, 'pruned a dead worker');
        if (message.worker.job?.fate === 'poison_pill')
          log.error({ ...message.worker.job }, 'poison pill: three processes died of this job, it went to failed');
        break;
      case 'problem':
        log.warn({ problem: message.message }, 'heartbeat failed, trying again at the next');
        break;
      case 'beat':
    }
  };
}

/** What is waited for before the first connection is made. */
export function connectWording(log: Logger, shownUri: string): { onWaiting(): void; onLoading(): void } {
  return {
    onWaiting: () => log.warn(`waiting for Redis at ${shownUri}`),
    onLoading: () => log.warn('Redis is loading its data: waiting'),
  };
}

export interface StartFacts {
  readonly classes: readonly string[];
  readonly tracking: boolean;
  /** Where it is, without its password. */
  readonly redis: string;
}

/** What is worth knowing at start. */
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
  if (!tracking) log.warn('Redis does not tell of pushes (CLIENT TRACKING refused): polling, backing off to -interval');
}

/** The same in a few words, for whoever shows one line. */
export function statusText({ queues }: Settings): string {
  return `working ${queues.queues.map(({ name }) => name).join(', ')}`;
}

/** What every busy slot is doing and since when. */
export function dumpRuns(log: Logger, runs: readonly Run[], workerId: (slot: number) => string): void {
  log.info({ busy: runs.length }, runs.length === 0 ? 'no job is running' : 'running jobs follow');
  for (const run of [...runs].reverse()) {
    const since = new Date(run.startedAt).toISOString();
    const { queue, slot } = run.claim;
    log.info({ worker: workerId(slot), queue, class: run.class, since, ms: Date.now() - run.startedAt }, 'running');
  }
}
