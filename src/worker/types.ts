/** What the daemon is asked for, what can be done to it while it works, and what it tells. */
import type { Logger } from 'pino';
import type { Settings } from '../config/settings.js';
import type { JobContext } from '../job.js';
import type { JobModules } from '../job-modules/load.js';
import type { Meter } from '../metrics/meter.js';
import type { Connection, ConnectionEvents } from '../redis/connection.js';
import type { Membership } from '../registry/membership.js';

export interface WorkerOptions {
  readonly settings: Settings;
  readonly log: Logger;
  /** Loads the job modules; called while the connection is made. */
  readonly load: () => Promise<JobModules>;
  readonly flags: JobContext['flags'];
  /** Makes the connection, where it is not made from the settings. */
  readonly connect?: ((events: ConnectionEvents) => Promise<Connection>) | undefined;
  /** Uncaught errors of the process are ours to handle. */
  readonly catchUncaught: boolean;
  /** Takes what stops, pauses and resumes the worker, and returns how to take it off again: the process' signals. */
  readonly control: ((actions: WorkerActions) => () => void) | undefined;
  /** How the workers get into the registry; by themselves where absent. */
  readonly membership?: Membership | undefined;
  /** Told when claims begin. The line in the log where absent. */
  readonly onReady?: ((facts: ReadyFacts) => void) | undefined;
  /** For start, stop and pause; the log where absent. */
  readonly lifecycleLog?: Logger | undefined;
  /** Counts what happens. Nothing is counted where absent. */
  readonly meter?: Meter | undefined;
  /** Stops the worker when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** Aborted when stopping begins. */
  readonly begun: AbortController;
  /** Told before each job, when nothing of it has run. */
  readonly onRun?: (() => void) | undefined;
  /** Told when a signal pauses and resumes the worker. */
  readonly onPause?: ((paused: boolean) => void) | undefined;
  /** Works the quarantines of the queues in place of the queues, and tells when each job begins and ends. */
  readonly quarantine?: TellRunning | undefined;
  /** Told when jobs can be enqueued over the worker's own connection, and when no more. */
  readonly onConnection?: (own: OwnConnection | undefined) => void;
}

/** Told before anything of a job runs, and with `running` false as soon as it has ended: by the token of its claim. */
export type TellRunning = (token: string, running: boolean) => void;

/** The connection of a running worker. */
export interface OwnConnection {
  readonly connection: Connection;
  /** To be called by who has pushed jobs over it: Redis does not tell us of our own pushes. */
  jobsPushed(): void;
}

/** What is known when claims begin. */
export interface ReadyFacts {
  readonly classes: readonly string[];
  readonly tracking: boolean;
  /** The longest that any job may take, in milliseconds; 0: at least one has no limit. */
  readonly limitMs: number;
}

/** What the signals of the process do. */
export interface SignalActions {
  /** Begin to stop, or with a further signal stop now. */
  stop(reason: string): void;
  pause(): void;
  resume(): void;
  /** Say what every busy slot is doing. */
  report(): void;
  /** Load the job modules anew. Where it is absent the signal keeps its own meaning, which is to end the process. */
  reload?(): void;
}

/** What can be done to a running worker. */
export interface WorkerActions extends SignalActions {
  /** Stop, and let the running jobs take what time they need. */
  retire(reason: string): void;
  /** Stop now, whatever runs. */
  abort(reason: string): void;
  /** Something that it depends on is gone: the exit code will be 1. */
  fault(error: Error): void;
  setProcesses(count: number): void;
  /** How many jobs run. */
  running(): number;
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
