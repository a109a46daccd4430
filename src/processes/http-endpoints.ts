/**
 * The HTTP endpoints of `-http`, for a supervisor and for a worker in a single process. Loaded only with `-http`, since
 * the libraries behind it cost start-up time.
 */
import type { Logger } from 'pino';
import { readHttp } from '../config/http.js';
import type { Settings } from '../config/settings.js';
import type { EngineEvents } from '../engine/events.js';
import { Collector } from '../metrics/collect.js';
import { CONTENT_TYPE, expose } from '../metrics/exposition.js';
import { FleetCounts } from '../metrics/fleet.js';
import { LagSampler } from '../metrics/lag.js';
import type { Measured, Meter } from '../metrics/meter.js';
import { Recorder } from '../metrics/record.js';
import { type Sample, SUPERVISOR } from '../metrics/totals.js';
import type { Connection } from '../redis/connection.js';
import type { HeartbeatMessage } from '../registry/heartbeat-options.js';
import type { SupervisorEvents } from '../supervisor/events.js';
import { healthPage, readyPage, type Standing } from '../web/health.js';
import { WebServer } from '../web/server.js';

/** Name of the process if there is no supervisor. */
const SINGLE_PROCESS = 'worker';

/** State of the processes, for /readyz and /metrics. */
export interface ProcessesState extends Omit<Standing, 'redis'> {
  readonly blockedProcesses: number;
  readonly drainingProcesses: number;
  readonly reloading: boolean;
}

export class Serving implements Meter {
  /** Counts of this process. */
  readonly #recorder = new Recorder();
  readonly counts: FleetCounts;
  #connection: Connection | undefined;
  readonly #lag = new LagSampler(this.#recorder.lag);
  readonly #collector: Collector;
  readonly #server: WebServer;
  readonly #name: string;
  readonly #log: Logger;
  readonly #stand: (attached: boolean) => ProcessesState;
  #attached = false;

  constructor(settings: Settings, log: Logger, name: string, stand: (attached: boolean) => ProcessesState) {
    const queues = settings.queues.queues.map(({ name }) => name);
    this.#name = name;
    this.#log = log;
    this.#stand = stand;
    this.counts = new FleetCounts(queues);
    this.#collector = new Collector({
      connection: () => this.#connection,
      namespace: settings.namespace,
      queues: settings.queues,
      refused: (err) => log.warn({ err }, 'Redis rejected a command that /metrics needs: its samples are left out'),
    });
    const pages = {
      '/healthz': healthPage,
      '/readyz': async () => {
        const { working, paused, blocked, stopping } = this.#stand(this.#attached);
        return readyPage({ redis: await this.#collector.answers(), working, paused, blocked, stopping });
      },
      '/metrics': async () => ({ status: 200, type: CONTENT_TYPE, body: await this.#metrics() }),
    };
    this.#server = new WebServer(readHttp(settings.http), pages, (path, err) =>
      log.error({ err, path }, 'an HTTP request failed'),
    );
  }

  /** @throws TsworkerError HTTP if it cannot listen */
  async start(): Promise<void> {
    await this.#server.start();
    await this.#lag.start();
    this.#log.info({ url: this.#server.url }, 'serving /healthz, /readyz and /metrics');
  }

  async stop(): Promise<void> {
    await this.#lag.stop();
    await this.#server.stop();
  }

  /** Counts the events of a supervisor. */
  subscribe(events: SupervisorEvents): void {
    const { counts } = this;
    events.on('ready', ({ classes }) => counts.totals.setClasses(classes));
    events.on('reloaded', ({ classes }) => counts.totals.setClasses(classes));
    events.on('died', ({ pid, restartInMs }) => counts.died(pid, restartInMs !== undefined));
    events.on('retiring', () => counts.retiring());
    events.on('killedBlocked', ({ pid }) => counts.blocked(pid));
    events.on('replacing', () => counts.replacing());
    events.on('counted', ({ slot, pid, counts: some }) => counts.counted(slot, pid, some));
    events.on('left', ({ slot, pid, inOrder }) => counts.left(slot, pid, inOrder));
  }

  /** A worker in this process is about to claim jobs. */
  listen(events: EngineEvents, measured: Measured): void {
    this.#attached = true;
    this.counts.totals.setClasses(measured.classes);
    this.#recorder.listen(events, measured);
  }

  reconnected(): void {
    this.#recorder.reconnected();
  }

  /** @param connection undefined: the connection is closed */
  connected(connection: Connection | undefined): void {
    this.#connection = connection;
  }

  /** Counts the jobs that a heartbeat recovered. */
  hear(message: HeartbeatMessage): void {
    const job = message.kind === 'pruned' ? message.worker.job : undefined;
    if (job !== undefined) this.counts.totals.recovered(job);
  }

  async #metrics(): Promise<string> {
    const figures = await this.#collector.samples();
    const { totals } = this.counts;
    totals.add(this.#name, process.pid, this.#recorder.drain());
    return expose([...totals.samples(), ...stateSamples(this.#stand(this.#attached)), ...figures]);
  }
}

function stateSamples({ paused, blockedProcesses, drainingProcesses, reloading }: ProcessesState): Sample[] {
  return [
    { family: 'tsworker_paused', labels: {}, value: Number(paused) },
    { family: 'tsworker_blocked_processes', labels: {}, value: blockedProcesses },
    { family: 'tsworker_draining_processes', labels: {}, value: drainingProcesses },
    { family: 'tsworker_reloading', labels: {}, value: Number(reloading) },
  ];
}

/** @param stand returns the state of its children */
export function serveSupervisor(settings: Settings, log: Logger, stand: () => ProcessesState): Serving {
  return new Serving(settings, log, SUPERVISOR, stand);
}

/** @param state returns the state of this process */
export function serveSingleProcess(
  settings: Settings,
  log: Logger,
  state: () => { readonly paused: boolean; readonly stopping: boolean },
): Serving {
  return new Serving(settings, log, SINGLE_PROCESS, (attached) => {
    const { paused, stopping } = state();
    const drainingProcesses = Number(stopping);
    // A blocked process answers no request.
    return {
      working: attached,
      paused,
      stopping,
      blocked: false,
      blockedProcesses: 0,
      drainingProcesses,
      reloading: false,
    };
  });
}
