/** Creates the engine of a worker, with its job store and the listeners to its events. */
import { randomBytes } from 'node:crypto';
import { Engine } from '../engine/engine.js';
import { EngineEvents } from '../engine/events.js';
import type { Perform } from '../engine/interfaces.js';
import type { Judge } from '../engine/run.js';
import type { OutcomeHooks } from '../job-modules/outcome-hooks.js';
import { logEngine } from '../log/log-subscriber.js';
import type { Connection } from '../redis/connection.js';
import { type Identity, workerId } from '../registry/identity.js';
import { reenter } from '../registry/register.js';
import { RedisJobStore } from '../resque/store.js';
import type { JobWatch } from '../tracing/watch.js';
import type { WorkerOptions } from './types.js';

export interface EngineParts {
  readonly connection: Connection;
  /** The registered identity. */
  readonly identity: Identity;
  readonly perform: Perform;
  readonly judge: Judge;
  readonly watch: JobWatch;
  /** The hooks that are told how jobs end; undefined: there are none. */
  readonly outcomeHooks: OutcomeHooks | undefined;
  /** The registered job classes. */
  readonly classes: readonly string[];
  /** Incremented for each acknowledged job. */
  readonly counts: { processed: number; failed: number };
  /** Called with the events before anything happens. */
  readonly listen: (events: EngineEvents) => void;
}

export function createEngine(options: WorkerOptions, parts: EngineParts): Engine {
  const { settings, log, meter } = options;
  const { connection, perform, judge, identity, classes } = parts;
  const events = new EngineEvents((err, event) => log.error({ err, event }, 'a listener of the worker threw an error'));
  const engine: Engine = new Engine({
    store: createStore(options, parts, () => engine.queuesAdded()),
    perform,
    judge,
    events,
    concurrency: settings.concurrency,
    intervalMs: settings.interval * 1000,
    pushes: connection.tracking,
    exitOnComplete: settings.exitOnComplete,
  });
  count(events, parts);
  parts.listen(events);
  tellOthers(events, options);
  meter?.listen(events, { classes, slots: settings.concurrency, busy: () => engine.busy });
  logEngine(log, events, (slot) => workerId(identity, slot), settings.logJobs);
  return engine;
}

function createStore(
  { settings, quarantine }: WorkerOptions,
  { connection, identity }: EngineParts,
  onNewQueues: () => void,
): RedisJobStore {
  const { waitReplicas, waitTimeout } = settings;
  return new RedisJobStore(connection, {
    namespace: settings.namespace,
    plan: settings.queues,
    workerId: (slot) => workerId(identity, slot),
    nonce: randomBytes(6).toString('base64url').replaceAll('-', '.'),
    checkRegistered: true,
    onNewQueues,
    quarantine: quarantine !== undefined,
    ...(waitReplicas > 0 ? { wait: { replicas: waitReplicas, timeoutMs: Math.ceil(waitTimeout * 1000) } } : {}),
  });
}

function count(events: EngineEvents, { connection, identity, watch, outcomeHooks, counts }: EngineParts): void {
  events
    .on('acked', (_claim, outcome) => {
      if (outcome.kind === 'done' || outcome.kind === 'discarded') counts.processed++;
      else if (outcome.kind === 'failed') counts.failed++;
    })
    .on('finished', (run, outcome) => watch.finished(run, outcome))
    .on('finished', (run, outcome) => outcomeHooks?.tell(run, outcome))
    // This worker is alive but was removed from the registry: registers again at once. The next heartbeat would too.
    .on('unregistered', () => void reenter(connection, identity).catch(() => {}));
}

function tellOthers(events: EngineEvents, { onRun, quarantine }: WorkerOptions): void {
  if (onRun !== undefined) events.on('started', onRun);
  if (quarantine === undefined) return;
  events.on('started', (run) => quarantine(run.claim.token, true));
  events.on('finished', (run) => quarantine(run.claim.token, false));
}
