/**
 * Assembly of what `-http` serves, for a supervisor and for a worker that is one process. Loaded only where that is asked
 * for: the libraries behind it cost start-up time.
 */
import type { Logger } from 'pino';
import { readHttp } from '../config/http.js';
import type { Settings } from '../config/settings.js';
import { Collector } from '../metrics/collect.js';
import { CONTENT_TYPE, expose } from '../metrics/exposition.js';
import { FleetCounts } from '../metrics/fleet.js';
import { LagSampler } from '../metrics/lag.js';
import type { Measured, Meter, MeterEvents } from '../metrics/meter.js';
import { Recorder } from '../metrics/record.js';
import { SUPERVISOR } from '../metrics/totals.js';
import type { Connection } from '../redis/connection.js';
import type { HeartbeatMessage } from '../registry/heartbeat.js';
import { healthPage, readyPage, type Standing } from '../web/health.js';
import { WebServer } from '../web/server.js';

/** The name of the only process, where there is no supervisor. */
const ALONE = 'worker';

export class Serving implements Meter {
  /** What this process counts itself. */
  readonly #recorder = new Recorder();
  readonly counts: FleetCounts;
  #connection: Connection | undefined;
  readonly #lag = new LagSampler(this.#recorder.lag);
  readonly #collector: Collector;
  readonly #server: WebServer;
  readonly #name: string;
  readonly #log: Logger;
  readonly #standing: (attached: boolean) => Omit<Standing, 'redis'>;
  #attached = false;

  constructor(settings: Settings, log: Logger, name: string, standing: (attached: boolean) => Omit<Standing, 'redis'>) {
    const queues = settings.queues.queues.map(({ name }) => name);
    this.#name = name;
    this.#log = log;
    this.#standing = standing;
    this.counts = new FleetCounts(queues);
    this.#collector = new Collector({
      connection: () => this.#connection,
      namespace: settings.namespace,
      queues,
      refused: (err) => log.warn({ err }, 'Redis refuses a command that /metrics needs: its figures are left out'),
    });
    const pages = {
      '/healthz': healthPage,
      '/readyz': async () => readyPage({ redis: await this.#collector.answers(), ...this.#standing(this.#attached) }),
      '/metrics': async () => ({ status: 200, type: CONTENT_TYPE, body: await this.#metrics() }),
    };
    this.#server = new WebServer(readHttp(settings.http), pages, (path, err) =>
      log.error({ err, path }, 'a page could not be made'),
    );
  }

  /** @throws TsworkerError HTTP where it cannot listen */
  async start(): Promise<void> {
    await this.#server.start();
    await this.#lag.start();
    this.#log.info({ url: this.#server.url }, 'serving /healthz, /readyz and /metrics');
  }

  async stop(): Promise<void> {
    await this.#lag.stop();
    await this.#server.stop();
  }

  /** A worker in this process is about to claim. */
  attach(measured: Measured): MeterEvents {
    this.#attached = true;
    this.counts.totals.setClasses(measured.classes);
    return this.#recorder.attach(measured);
  }

  reconnected(): void {
    this.#recorder.reconnected();
  }

  /** undefined: no more. */
  connected(connection: Connection | undefined): void {
    this.#connection = connection;
  }

  /** The news of a heartbeat. */
  hear(message: HeartbeatMessage): void {
    const job = message.kind === 'pruned' ? message.worker.job : undefined;
    if (job !== undefined) this.counts.totals.recovered(job);
  }

  async #metrics(): Promise<string> {
    const figures = await this.#collector.samples();
    const { totals } = this.counts;
    totals.add(this.#name, process.pid, this.#recorder.drain());
    return await expose([...totals.samples(), ...figures]);
  }
}

/** @param standing of its children */
export function serveSupervisor(settings: Settings, log: Logger, standing: () => Omit<Standing, 'redis'>): Serving {
  return new Serving(settings, log, SUPERVISOR, standing);
}

/** @param begun aborts when stopping begins */
export function serveAlone(settings: Settings, log: Logger, begun: AbortSignal): Serving {
  return new Serving(settings, log, ALONE, (attached) => ({ working: attached, stopping: begun.aborted }));
}
