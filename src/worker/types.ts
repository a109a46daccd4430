/** Types of a worker: its options, the actions on a running one, its result. */
import type { Logger } from 'pino';
import type { Settings } from '../config/settings.js';
import type { JobContext } from '../job.js';
import type { JobModules } from '../job-modules/load.js';
import type { Meter } from '../metrics/meter.js';
import type { Connection, ConnectionEvents, OpenedConnection } from '../redis/connection.js';
import type { CancelOrder } from '../registry/control.js';
import type { Membership } from '../registry/membership/membership.js';

export interface WorkerOptions {
  readonly settings: Settings;
  readonly log: Logger;
  /** Loads the job modules; called while connecting. */
  readonly load: () => Promise<JobModules>;
  readonly flags: JobContext['flags'];
  /** Opens the connection. Default: from the settings. */
  readonly connect?: ((events: ConnectionEvents) => Promise<OpenedConnection>) | undefined;
  /** Handle uncaught errors of the process. */
  readonly catchUncaught: boolean;
  /** Connects the actions to their source, such as the process' signals; returns a function that disconnects them. */
  readonly control: ((actions: WorkerActions) => () => void) | undefined;
  /** How the workers are registered. Default: by this process. */
  readonly membership?: Membership | undefined;
  /** Called when claims begin. Default: logs the start line. */
  readonly onReady?: ((facts: ReadyFacts) => void) | undefined;
  /** Log for start, stop and pause. Default `log`. */
  readonly lifecycleLog?: Logger | undefined;
  /** Records metrics. Default: none are recorded. */
  readonly meter?: Meter | undefined;
  /** Stops the worker when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** Aborted when the shutdown begins. */
  readonly begun: AbortController;
  /** Called before each job runs. */
  readonly onRun?: (() => void) | undefined;
  /** Called when a signal pauses or resumes the worker. */
  readonly onPause?: ((paused: boolean) => void) | undefined;
  /** Set: processes the quarantines of the queues instead of the queues, and reports when each job begins and ends. */
  readonly quarantine?: TellRunning | undefined;
  /** Called when jobs can be enqueued over the worker's connection, and with undefined when no more. */
  readonly onConnection?: (own: OwnConnection | undefined) => void;
}

/** Called with the token of the claim before a job runs, and with `running` false as soon as it has ended. */
export type TellRunning = (token: string, running: boolean) => void;

/** The connection of a running worker. */
export interface OwnConnection {
  readonly connection: Connection;
  /**
   * To be called after jobs were pushed over it: Redis does not notify a connection of its own writes. Absent: the queues
   * are not known.
   */
  jobsPushed(queues?: readonly string[]): void;
}

/** What is known when claims begin. */
export interface ReadyFacts {
  readonly classes: readonly string[];
  readonly tracking: boolean;
  /** The longest time limit of a job, in milliseconds; 0: at least one has no limit. */
  readonly limitMs: number;
}

/** What the signals of the process do. */
export interface SignalActions {
  /** Begins the shutdown; a further signal stops at once. */
  stop(reason: string): void;
  /** @param by for the log */
  pause(by: string): void;
  resume(by: string): void;
  /** Logs the running jobs. */
  report(): void;
  /** Loads the job modules again. If absent, HUP keeps its default action, which ends the process. */
  reload?(): void;
}

/** What can be done to a running worker. */
export interface WorkerActions extends SignalActions {
  /** Shuts down without a time limit for running jobs. */
  retire(reason: string): void;
  /** Stops at once: cancels the running jobs. */
  abort(reason: string): void;
  /** Sets the exit code to 1: something that the worker depends on has failed. */
  fault(error: Error): void;
  setProcesses(count: number): void;
  /** Cancels a running job, and answers. */
  cancel(order: CancelOrder): void;
  /** How many jobs run. */
  running(): number;
}

/** How the worker ended. */
export interface WorkResult {
  /** 0: every job ended by itself, done or failed. 1: a job was requeued, or the worker or Redis failed. */
  readonly exitCode: 0 | 1;
  readonly processed: number;
  readonly failed: number;
  /** Jobs that had begun and were requeued. */
  readonly requeued: number;
}
