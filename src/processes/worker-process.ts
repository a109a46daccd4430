/**
 * The one worker of this process, with the program's state, the signals and the HTTP endpoints. Used by `work()`, by a
 * single process and by a child of a supervisor.
 */
import type { Logger } from 'pino';
import type { Settings } from '../config/settings.js';
import { TsworkerError } from '../errors.js';
import type { JobContext } from '../job.js';
import { type ConfigProgram, configProgram } from '../job-modules/config-program.js';
import { type JobModules, loadJobs } from '../job-modules/load.js';
import { setSender } from '../job-modules/sender.js';
import { close } from '../program/connection.js';
import { send } from '../program/enqueue.js';
import { self } from '../program/self.js';
import { type Program, program } from '../program/state.js';
import { connectLike } from '../redis/connect.js';
import type { RedisClient } from '../redis/connection.js';
import { SILENCE_MS } from '../redis/options.js';
import type { WorkerOptions, WorkResult } from '../worker/types.js';
import { runWorker } from '../worker/worker.js';
import type { Serving } from './http-endpoints.js';
import { handleSignals } from './signals.js';

export interface WorkerProcessOptions {
  readonly settings: Settings;
  readonly log: Logger;
  readonly warnings: readonly string[];
  readonly flags: JobContext['flags'];
  /** The configuration file, if it has middleware or options of classes. */
  readonly configFile?: string | undefined;
  /** The same of a program that uses the library. */
  readonly program?: ConfigProgram | undefined;
  readonly redis?: RedisClient | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly ownsProcess: boolean;
  /** From here on: for a child of a supervisor, and for a single process. */
  readonly control?: WorkerOptions['control'];
  readonly membership?: WorkerOptions['membership'];
  readonly onReady?: WorkerOptions['onReady'];
  readonly lifecycleLog?: WorkerOptions['lifecycleLog'];
  readonly meter?: WorkerOptions['meter'];
  readonly onRun?: WorkerOptions['onRun'];
  readonly quarantine?: WorkerOptions['quarantine'];
}

/**
 * Runs a worker until it has stopped. Its jobs enqueue over its connection.
 * @throws TsworkerError STATE if a worker already runs in this process; REDIS, JOBS, HTTP, ... if it cannot start
 */
export async function runWorkerProcess(options: WorkerProcessOptions): Promise<WorkResult> {
  const { settings, log, flags, redis, signal, ownsProcess } = options;
  const state = claimProgram(settings, log);
  const opened = state.opening !== undefined;
  for (const warning of options.warnings) log.warn(warning);
  let serving: Serving | undefined;
  try {
    // For a child, the supervisor serves the endpoints.
    if (options.meter === undefined) serving = await prepareServing(settings, log, state);
    await serving?.start();
    return await runWorker({
      settings,
      log,
      flags,
      signal,
      catchUncaught: ownsProcess,
      control: options.control ?? (ownsProcess ? handleSignals : undefined),
      membership: options.membership,
      onReady: options.onReady,
      lifecycleLog: options.lifecycleLog,
      meter: options.meter ?? serving,
      onRun: options.onRun,
      onPause: (paused) => {
        state.paused = paused;
      },
      quarantine: options.quarantine,
      begun: state.begun,
      load: () => load(options, state),
      connect:
        redis === undefined
          ? undefined
          : (events) => connectLike(redis, SILENCE_MS, { ...events, watch: true }, state.begun.signal),
      onConnection: (own) => {
        state.working = own;
        serving?.connected(own?.connection);
      },
    });
  } finally {
    state.busy = false;
    state.workerSettings = undefined;
    state.middlewareOf = undefined;
    state.log = undefined;
    await serving?.stop();
    // A connection that a job module opened before the worker had one must not keep the process alive.
    if (!opened) await close();
  }
}

/** Loads the job modules. A worker without a class would fail every job, so that is an error. */
async function load(options: WorkerProcessOptions, state: Program): Promise<JobModules> {
  const { settings, configFile, program: given } = options;
  const own = configFile === undefined ? given : await configProgram(configFile, self);
  const modules = await loadJobs(settings.jobs, { self, ...own });
  state.middlewareOf = (name) => modules.functions.get(name)?.layers ?? own?.middleware ?? [];
  if (modules.functions.classes.length > 0) return modules;
  throw new TsworkerError('JOBS', 'no job is registered: every job would fail', {
    hint: "Call register('MyClass', fn) before work(), or name job modules: work({ jobs: './jobs' }).",
  });
}

/** Loads the HTTP endpoints only if `http` is set. */
async function prepareServing(settings: Settings, log: Logger, state: Program): Promise<Serving | undefined> {
  if (settings.http === undefined) return undefined;
  const { serveSingleProcess } = await import('./http-endpoints.js');
  return serveSingleProcess(settings, log, () => ({ paused: state.paused, stopping: state.begun.signal.aborted }));
}

function claimProgram(settings: Settings, log: Logger): Program {
  const state = program();
  if (state.busy) throw new TsworkerError('STATE', 'a worker already runs in this process');
  state.busy = true;
  state.workerSettings = settings;
  state.log = log;
  state.paused = false;
  if (state.begun.signal.aborted) state.begun = new AbortController();
  setSender(send);
  return state;
}
