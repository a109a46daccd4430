/**
 * What goworker's package offers, in camelCase: the calls behind `import { work, enqueue, … } from 'tsworker'`. The
 * command line goes through {@link workWith} too.
 */
import type { Logger } from 'pino';
import type { UserConfig } from '../config/define.js';
import { resolveSettings } from '../config/load.js';
import type { Settings } from '../config/settings.js';
import { maskUri } from '../config/uri.js';
import { TsworkerError } from '../errors.js';
import type { JobContext } from '../job.js';
import { type JobModules, loadJobs } from '../job-modules/load.js';
import { type OutgoingJob, setDefaultSender, setSender } from '../job-modules/sender.js';
import { createLog } from '../log/pino.js';
import type { Serving } from '../processes/http-endpoints.js';
import { handleSignals } from '../processes/signals.js';
import { connect, connectLike } from '../redis/connect.js';
import type { Connection, RedisClient } from '../redis/connection.js';
import { connectOptions } from '../redis/options.js';
import { enqueueDelayed } from '../resque/delayed.js';
import type { Due } from '../resque/due.js';
import { checkNewJob, enqueueJobs, type NewJob } from '../resque/enqueue.js';
import { createKeys } from '../resque/keys.js';
import { isTraced } from '../tracing/mark.js';
import type { DaemonOptions, WorkResult } from '../worker/types.js';
import { SILENCE_MS } from '../worker/wiring.js';
import { runDaemon } from '../worker/worker.js';
import { pushWithin } from './push-within.js';
import { type Program, program } from './state.js';

// A job() can be enqueued wherever the library is loaded.
setDefaultSender(send);

/** goworker's WorkerSettings in camelCase; every key is optional. */
export interface WorkSettings extends UserConfig {
  /**
   * A ready node-redis client; wins over `uri`, and is not closed by us: the worker runs on a duplicate of it. Heartbeats
   * then share the event loop with the jobs.
   */
  readonly redis?: RedisClient;
  /** Stops the worker when it aborts, as a first TERM does: goworker's context. */
  readonly signal?: AbortSignal;
  /** A pino logger in place of the worker's own. */
  readonly logger?: Logger;
  /**
   * Whether process signals stop and pause the worker, and errors that nobody caught fail the job that caused them.
   * Default true, as in goworker; false for a program that has its own handlers.
   */
  readonly handleSignals?: boolean;
}

/**
 * Sets what `work`, `enqueue` and `namespace` use from now on. Only the keys given are changed: everything else keeps
 * its value or default.
 * @throws TsworkerError USAGE where a key is unknown or a value is wrong; nothing is changed then
 */
export function setSettings(settings: WorkSettings): void {
  const state = program();
  const merged = { ...state.settings, ...settings };
  resolveSettings(configOf(merged), { queuesRequired: false });
  state.settings = merged;
}

/**
 * Works the queues until a stop signal comes, `signal` aborts, or, with `exitOnComplete`, everything is done. Functions
 * come from `register` and from the modules in `jobs`, where that is set.
 * @param settings added to those of `setSettings`
 * @returns how it ended; the process itself is not ended
 * @throws TsworkerError USAGE, REDIS, JOBS or HTTP where it cannot start; STATE where a worker already runs in this process
 */
export async function work(settings: WorkSettings = {}): Promise<WorkResult> {
  setSettings(settings);
  const given = program().settings;
  const resolved = resolveSettings(configOf(given), { terminal: process.stdout.isTTY === true });
  return await workWith({
    settings: given.jobs === undefined ? { ...resolved.settings, jobs: [] } : resolved.settings,
    log: given.logger ?? createLog(resolved.settings),
    warnings: resolved.warnings,
    flags: {},
    redis: given.redis,
    signal: given.signal,
    ownsProcess: given.handleSignals ?? true,
  });
}

export interface WorkOptions {
  readonly settings: Settings;
  readonly log: Logger;
  readonly warnings: readonly string[];
  readonly flags: JobContext['flags'];
  readonly redis?: RedisClient | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly ownsProcess: boolean;
  /** For a child of a supervisor, which is told in other ways what a process of its own finds out by itself. */
  readonly control?: DaemonOptions['control'];
  readonly membership?: DaemonOptions['membership'];
  readonly onReady?: DaemonOptions['onReady'];
  readonly lifecycleLog?: DaemonOptions['lifecycleLog'];
  readonly meter?: DaemonOptions['meter'];
  readonly onRun?: DaemonOptions['onRun'];
  readonly quarantine?: DaemonOptions['quarantine'];
}

/** Runs the daemon as this process' one worker: what its jobs enqueue goes over its connection. */
export async function workWith(options: WorkOptions): Promise<WorkResult> {
  const { settings, log, flags, redis, signal, ownsProcess } = options;
  const state = claimProgram(settings);
  const opened = state.opening !== undefined;
  for (const warning of options.warnings) log.warn(warning);
  let serving: Serving | undefined;
  try {
    // A child's supervisor serves for it.
    if (options.meter === undefined) serving = await prepareServing(settings, log, state);
    await serving?.start();
    return await runDaemon({
      settings,
      log,
      flags,
      signal,
      catchFaults: ownsProcess,
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
      load: () => load(settings),
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
    await serving?.stop();
    // What a job module opened, before there was a connection of ours, must not keep the process.
    if (!opened) await close();
  }
}

/** A worker that knows no class would fail every job. */
async function load({ jobs }: Settings): Promise<JobModules> {
  const modules = await loadJobs(jobs, { self: () => import('../index.js') });
  if (modules.functions.classes.length > 0) return modules;
  throw new TsworkerError('JOBS', 'no job is registered: every job would fail', {
    hint: "Call register('MyClass', fn) before work(), or name job modules: work({ jobs: './jobs' }).",
  });
}

/** Loads what is needed only where `http` asks for it. */
async function prepareServing(settings: Settings, log: Logger, state: Program): Promise<Serving | undefined> {
  if (settings.http === undefined) return undefined;
  const { serveAlone } = await import('../processes/http-endpoints.js');
  return serveAlone(settings, log, () => ({ paused: state.paused, stopping: state.begun.signal.aborted }));
}

function claimProgram(settings: Settings): Program {
  const state = program();
  if (state.busy) throw new TsworkerError('STATE', 'a worker already runs in this process');
  state.busy = true;
  state.workerSettings = settings;
  state.paused = false;
  if (state.begun.signal.aborted) state.begun = new AbortController();
  setSender(send);
  return state;
}

/**
 * Pushes one job, or many: the set of queues and the lists in one round trip, all or none. Inside a worker it goes over
 * the worker's connection; elsewhere a connection is opened at the first call and kept until {@link close}. In a program
 * with an OpenTelemetry SDK the payloads also carry the trace.
 * @throws TsworkerError USAGE where a job has a wrong queue or an unknown member, PAYLOAD where an argument cannot be
 *   written as JSON; REDIS where Redis cannot be reached, or has not confirmed within `enqueueTimeout`: its message says
 *   whether the jobs may have been enqueued all the same
 */
export async function enqueue(jobs: NewJob | readonly NewJob[]): Promise<void> {
  const list = Array.isArray(jobs) ? (jobs as readonly NewJob[]) : [jobs as NewJob];
  await deliver(list, (connection, keyPrefix, fields) => enqueueJobs(connection, keyPrefix, list, fields));
}

/** For `job().enqueue()`, `enqueueIn` and `enqueueAt`, which know no Redis. */
async function send({ due, ...job }: OutgoingJob): Promise<Date | undefined> {
  if (due === undefined) await enqueue(job);
  return due && (await pushDelayed([job], due))[0];
}

/** @returns for each job when it is due; undefined where it was due already, and is in its queue */
export function pushDelayed(list: readonly NewJob[], due: Due): Promise<(Date | undefined)[]> {
  return deliver(list, (connection, keyPrefix, fields) =>
    enqueueDelayed(
      connection,
      createKeys(keyPrefix),
      list.map((job) => ({ ...job, due })),
      fields,
    ),
  );
}

/** Brings jobs to Redis: how is the caller's matter. `fields` stand beside class and args in each payload. */
type Deliver<T> = (connection: Connection, keyPrefix: string, fields: Readonly<Record<string, string>>) => Promise<T>;

/** Everything that `enqueue` does but the push itself: checks the jobs, traces them, finds a connection, keeps the deadline. */
export async function deliver<T>(list: readonly NewJob[], how: Deliver<T>): Promise<T> {
  list.forEach(checkNewJob);
  if (!isTraced()) return await push(list, how, {});
  const { sendTraced } = await import('../tracing/send.js');
  return await sendTraced(list, (fields) => push(list, how, fields));
}

/** A connection for what is no push: that of the worker in this process, or the one that `enqueue` keeps. */
export async function connected(): Promise<{ readonly connection: Connection; readonly namespace: string }> {
  return { connection: program().working?.connection ?? (await open()), namespace: namespace() };
}

async function push<T>(list: readonly NewJob[], how: Deliver<T>, fields: Readonly<Record<string, string>>): Promise<T> {
  const { working } = program();
  const { namespace, enqueueTimeout, uri } = settingsInForce();
  const within = { jobs: list.length, timeoutMs: enqueueTimeout * 1000, shownUri: maskUri(uri) };
  const connect = async () => working?.connection ?? (await open());
  try {
    return await pushWithin(within, connect, (connection) => how(connection, namespace, fields));
  } finally {
    // Also where the reply was lost: they may be there.
    working?.jobsPushed();
  }
}

/**
 * Opens the connection for `enqueue`; a second call does nothing. `work` needs no init.
 * @throws TsworkerError USAGE or REDIS
 */
export async function init(): Promise<void> {
  await open();
}

/** Closes what `init` or `enqueue` opened, so that the program can end. A running worker is not touched. */
export async function close(): Promise<void> {
  const state = program();
  const connection = state.own ?? (await state.opening?.catch(() => undefined));
  state.own = undefined;
  state.opening = undefined;
  await connection?.close();
}

/** The key prefix in force, `resque:` by default. */
export function namespace(): string {
  return settingsInForce().namespace;
}

/** Aborts when the worker of this process begins to stop: the moment to end what runs beside the jobs. */
export function signals(): AbortSignal {
  return program().begun.signal;
}

async function open(): Promise<Connection> {
  const state = program();
  state.opening ??= dial(state.settings);
  try {
    state.own = await state.opening;
    return state.own;
  } catch (error) {
    state.opening = undefined;
    throw error;
  }
}

function dial(given: WorkSettings): Promise<Connection> {
  const settings = settingsInForce();
  const withinMs = settings.enqueueTimeout * 1000;
  if (given.redis !== undefined) return connectLike(given.redis, withinMs, { withinMs });
  const options = connectOptions(settings, `tsworker:${process.pid}:producer`, withinMs);
  return connect(options, maskUri(settings.uri), { withinMs });
}

/** Those of the worker of this process, where there is one: a job module enqueues to the Redis that it is run from. */
function settingsInForce(): Settings {
  const { workerSettings, settings } = program();
  return workerSettings ?? resolveSettings(configOf(settings), { queuesRequired: false }).settings;
}

/** The part of the settings that a configuration file could hold too. */
function configOf({ redis: _r, signal: _s, logger: _l, handleSignals: _h, ...config }: WorkSettings): UserConfig {
  return config;
}
