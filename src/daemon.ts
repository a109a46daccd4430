/**
 * Assembly: settings and job modules → a running worker, the order of its start and of its end with the reasons. Knows
 * every room but the command line and the library.
 */
import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import type { Settings } from './config/settings.js';
import { maskUri } from './config/uri.js';
import { Engine } from './engine/engine.js';
import type { EngineEvents } from './engine/ports.js';
import { catchFaults, type Faults } from './faults.js';
import { runSetup, runTeardown } from './functions/hooks.js';
import type { JobModules } from './functions/load.js';
import { createPerform } from './functions/perform.js';
import type { JobContext } from './job.js';
import { dumpRuns, engineWording, heartbeatWording, startLine } from './log/wording.js';
import { connect } from './redis/connect.js';
import type { Connection, ConnectionEvents } from './redis/connection.js';
import type { ConnectOptions } from './redis/options.js';
import { Heartbeat, type HeartbeatMessage } from './registry/heartbeat.js';
import { type Identity, workerId } from './registry/identity.js';
import { register, unregister } from './registry/register.js';
import { ThreadedHeartbeat } from './registry/threaded.js';
import { RedisJobStore } from './resque/store.js';
import type { Service } from './service.js';
import { handleSignals } from './signals.js';
import { Stopping } from './stopping.js';
import { VERSION } from './version.js';

export interface DaemonOptions {
  readonly settings: Settings;
  readonly log: Logger;
  /** Loads the job modules; called while the connection is made. */
  readonly load: () => Promise<JobModules>;
  readonly flags: JobContext['flags'];
  /** Makes the connection, where it is not made from the settings. */
  readonly connect?: ((events: ConnectionEvents) => Promise<Connection>) | undefined;
  /** Signals and uncaught errors of the process are ours to handle. */
  readonly ownsProcess: boolean;
  /** Stops the worker when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** Aborted when stopping begins. */
  readonly begun: AbortController;
  /** Told when jobs can be enqueued over the worker's own connection, and when no more. */
  readonly onConnection?: (connection: Connection | undefined) => void;
}

/** How the worker ended. */
export interface WorkResult {
  /** 0: every job ended by itself, well or badly. 1: one had to be put back, or the worker or Redis failed. */
  readonly exitCode: 0 | 1;
  readonly processed: number;
  readonly failed: number;
  /** Jobs that had begun and went back to their queue. */
  readonly putBack: number;
}

/** From the last movement on a connection until it is given up, beyond the interval. */
const SILENCE_MS = 15_000;

/** @throws TsworkerError REDIS, JOBS, or what `load` and `setup` throw; nothing stays registered then */
export async function runDaemon(options: DaemonOptions): Promise<WorkResult> {
  const stopping = new Stopping({
    log: options.log,
    graceMs: options.settings.grace * 1000,
    begun: options.begun,
  });
  const daemon = new Daemon(options, stopping);
  const onAbort = () => stopping.request('the signal in the settings');
  options.signal?.addEventListener('abort', onAbort);
  // Before anything slow: a stop while we start must be heard.
  const release = options.ownsProcess ? handleSignals(daemon.signalActions()) : () => {};
  try {
    if (options.signal?.aborted) onAbort();
    return await daemon.run();
  } finally {
    stopping.done();
    release();
    options.signal?.removeEventListener('abort', onAbort);
  }
}

class Daemon {
  readonly #options: DaemonOptions;
  readonly #stopping: Stopping;
  readonly #counts = { processed: 0, failed: 0 };
  #identity: Identity | undefined;
  #engine: Engine | undefined;
  #fault: Error | undefined;

  constructor(options: DaemonOptions, stopping: Stopping) {
    this.#options = options;
    this.#stopping = stopping;
  }

  signalActions() {
    const { log } = this.#options;
    return {
      stop: (signal: NodeJS.Signals) => this.#stopping.request(signal),
      pause: () => {
        log.info('paused by SIGUSR2: SIGCONT resumes');
        this.#engine?.suspend(true);
      },
      resume: () => {
        log.info('resumed by SIGCONT');
        this.#engine?.suspend(false);
      },
      report: () => dumpRuns(log, this.#engine?.running() ?? [], this.#workerId),
    };
  }

  async run(): Promise<WorkResult> {
    const { log } = this.#options;
    const [modules, connection] = await this.#prepare();
    try {
      for (const warning of modules.warnings) log.warn(warning);
      this.#identity = await register(connection, this.#wantedIdentity());
      const heartbeat = this.#heartbeat(connection);
      await heartbeat.start();
      try {
        this.#options.onConnection?.(connection);
        const ended = await this.#work(modules, connection);
        return this.#result(ended.putBack, ended.undelivered);
      } finally {
        this.#options.onConnection?.(undefined);
        // First the beats: one that comes later would register us again.
        await heartbeat.stop();
        if (connection.ready) await this.#leave(connection);
        else log.error('Redis is gone: our workers stay registered until they are pruned');
      }
    } finally {
      await connection.close();
      log.info(this.#counts, 'tsworker stopped');
    }
  }

  /** Both take time and neither needs the other. What fails first is reported, the other is cleaned up. */
  async #prepare(): Promise<[JobModules, Connection]> {
    const connecting = this.#connect();
    try {
      return await Promise.all([this.#options.load(), connecting]);
    } catch (error) {
      connecting.then((connection) => connection.close()).catch(() => {});
      throw error;
    }
  }

  #connect(): Promise<Connection> {
    const { settings, log, begun } = this.#options;
    const events = {
      onReady: () => this.#engine?.reconnected(),
      onInvalidate: () => this.#engine?.pushed(),
    };
    if (this.#options.connect !== undefined) return this.#options.connect(events);
    const hooks = { ...events, watch: true, onLoading: () => log.warn('Redis is loading its data: waiting') };
    return connect(connectOptions(settings, 'engine'), maskUri(settings.uri), hooks, begun.signal);
  }

  #wantedIdentity(): Identity {
    const { namespace, label, concurrency, queues } = this.#options.settings;
    const names = queues.queues.map((queue) => queue.name).join(',');
    return { namespace, label, pid: process.pid, queues: names, concurrency };
  }

  #workerId = (slot: number): string => workerId(this.#identity ?? this.#wantedIdentity(), slot);

  #heartbeat(connection: Connection): Service {
    const { settings, log } = this.#options;
    const heartbeat = {
      identity: this.#identity ?? this.#wantedIdentity(),
      heartbeatMs: settings.heartbeat * 1000,
      pruneAfterMs: settings.pruneAfter * 1000,
      forcePrune: settings.forcePrune,
    };
    const word = heartbeatWording(log);
    const tell = (message: HeartbeatMessage) => {
      if (message.kind === 'beat') this.#engine?.setProcesses(message.processes);
      word(message);
    };
    if (settings.connections === 1 || this.#options.connect !== undefined) {
      log.warn('heartbeats share the event loop with the jobs: a job that blocks it for minutes is taken for dead');
      return new Heartbeat(connection, heartbeat, tell);
    }
    const connect = connectOptions(settings, 'heartbeat');
    return new ThreadedHeartbeat({ connect, shownUri: maskUri(settings.uri), heartbeat }, tell);
  }

  async #work(modules: JobModules, connection: Connection) {
    const { settings, log, flags, begun } = this.#options;
    const { concurrency } = settings;
    try {
      await runSetup(modules, { flags, log, signal: begun.signal, concurrency });
      const faults = this.#faults(modules);
      const engine = this.#assemble(connection, faults.perform);
      this.#announce(modules, connection);
      this.#stopping.attach(engine);
      await engine.start();
      const ended = await engine.ended;
      faults.release();
      return ended;
    } finally {
      await runTeardown(modules).catch((error: unknown) => {
        log.error({ err: error }, 'teardown failed');
        this.#fault = error instanceof Error ? error : new Error(String(error));
      });
    }
  }

  #faults(modules: JobModules): Faults {
    const { settings, log, flags, ownsProcess } = this.#options;
    const { functions, decoder } = modules;
    const { useNumber } = settings;
    const perform = createPerform({ functions, decoder, useNumber, workerId: this.#workerId, log, flags });
    if (!ownsProcess) return { perform, release: () => {} };
    return catchFaults(perform, {
      onLate: (run, error) =>
        log.error({ queue: run.claim.queue, class: run.class, err: error }, 'a job that had ended threw an error'),
      onFault: (error) => {
        log.fatal({ err: error }, 'an error that belongs to no job: stopping in order');
        this.#fault = error;
        this.#stopping.request('a fault');
      },
    });
  }

  #assemble(connection: Connection, perform: Faults['perform']): Engine {
    const { settings, log } = this.#options;
    const store = new RedisJobStore(connection, {
      namespace: settings.namespace,
      plan: settings.queues,
      workerId: this.#workerId,
      nonce: randomBytes(6).toString('base64url').replaceAll('-', '.'),
    });
    const engine = new Engine({
      store,
      perform,
      events: this.#counting(engineWording(log, this.#workerId)),
      concurrency: settings.concurrency,
      intervalMs: settings.interval * 1000,
      pushes: connection.tracking,
      exitOnComplete: settings.exitOnComplete,
    });
    this.#engine = engine;
    return engine;
  }

  #counting(events: EngineEvents): EngineEvents {
    const counts = this.#counts;
    return {
      ...events,
      finished(run, outcome) {
        if (outcome.kind === 'done') counts.processed++;
        else if (outcome.kind === 'failed') counts.failed++;
        events.finished(run, outcome);
      },
    };
  }

  #announce(modules: JobModules, connection: Connection): void {
    const { settings, log } = this.#options;
    startLine(log, settings, {
      version: VERSION,
      redis: maskUri(settings.uri),
      classes: modules.functions.classes,
      worker: this.#workerId(0),
    });
    if (!connection.tracking)
      log.warn('Redis does not tell of pushes (CLIENT TRACKING refused): polling, backing off to -interval');
  }

  async #leave(connection: Connection): Promise<void> {
    const { log } = this.#options;
    try {
      const kept = this.#identity === undefined ? 0 : await unregister(connection, this.#identity);
      if (kept > 0)
        log.error({ kept }, 'workers whose job could not be reported stay registered until they are pruned');
    } catch (error) {
      log.error({ err: error }, 'could not unregister: our workers stay registered until they are pruned');
      this.#fault = error instanceof Error ? error : new Error(String(error));
    }
  }

  #result(putBack: number, undelivered: number): WorkResult {
    const clean = putBack === 0 && undelivered === 0 && this.#fault === undefined;
    return { exitCode: clean ? 0 : 1, ...this.#counts, putBack };
  }
}

function connectOptions(settings: Settings, role: string): ConnectOptions {
  return {
    uri: settings.uri,
    tlsCertPath: settings.tlsCertPath,
    skipTLSVerify: settings.skipTLSVerify,
    name: `tsworker:${process.pid}:${role}`,
    silenceMs: role === 'engine' ? settings.interval * 1000 + SILENCE_MS : settings.heartbeat * 1000 + SILENCE_MS,
  };
}
