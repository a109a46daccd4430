/**
 * The supervisor process: a supervisor with its children, the registry for all of them, and the signals. It runs no job
 * and loads no job module.
 */
import type { ChildProcess } from 'node:child_process';
import type { Logger } from 'pino';
import type { Settings } from '../config/settings.js';
import { maskUri } from '../config/uri.js';
import { TsworkerError } from '../errors.js';
import { countLater, type LaterJobs } from '../inspect/later.js';
import { connectWording, heartbeatWording, startLine, statusText } from '../log/log-subscriber.js';
import { stopLine } from '../log/stop-line.js';
import { logSupervisor } from '../log/supervisor-log.js';
import { connect } from '../redis/connect.js';
import type { Connection, ConnectionEvents, OpenedConnection } from '../redis/connection.js';
import { workerConnectOptions } from '../redis/options.js';
import { type HeartbeatMessage, heartbeatOptions } from '../registry/heartbeat-options.js';
import { RedisChildRegistry } from '../registry/membership/child-registry.js';
import { createKeys } from '../resque/keys.js';
import { SupervisorEvents } from '../supervisor/events.js';
import { type ChildState, runsQuarantine, Supervisor } from '../supervisor/supervisor.js';
import { Shutdown } from '../worker/shutdown.js';
import type { WorkResult } from '../worker/types.js';
import type { ProcessesState, Serving } from './http-endpoints.js';
import { Scheduling } from './scheduling.js';
import { handleSignals, onTerminal } from './signals.js';
import { logState } from './state-report.js';
import { SupervisorOrders } from './supervisor-orders.js';
import { type Systemd, systemdOf } from './systemd.js';

export interface SupervisorProcessOptions {
  readonly settings: Settings;
  readonly log: Logger;
  readonly warnings: readonly string[];
  readonly flags: Readonly<Record<string, unknown>>;
  /** The configuration file, if it has middleware or options of classes: each child loads it. */
  readonly configFile?: string | undefined;
  /** How many more children than processes `-connections` allows, during a reload and for the quarantine child. */
  readonly spare: number;
  /** Starts the process of a child. */
  readonly fork: () => ChildProcess;
}

/** Time between the abort of the jobs and the kill of children that did not exit. */
const KILL_AFTER_MS = 1500;
/** How much longer the registry waits for Redis at shutdown, after the children have waited. */
const DELIVERY_MS = 1000;

/** @throws TsworkerError REDIS, JOBS, HTTP, ... if no child can start */
export async function runSupervised({
  settings,
  log,
  warnings,
  flags,
  configFile,
  spare,
  fork,
}: SupervisorProcessOptions): Promise<WorkResult> {
  for (const warning of warnings) log.warn(warning);
  const begun = new AbortController();
  const events = new SupervisorEvents();
  const serving = await prepareServing(settings, log, () => processesState(supervisor, begun.signal));
  const shutdown = new Shutdown({ log, jobLog: log, graceMs: settings.grace * 1000, deliveryMs: DELIVERY_MS, begun });
  const onReady = () => {
    serving?.reconnected();
    registry.beat();
    scheduling.look();
  };
  const onInvalidate = () => scheduling.look();
  const connecting = dial(settings, log, { onReady, onInvalidate }, begun.signal);
  const scheduling = new Scheduling(connecting, settings, log);
  const registry: RedisChildRegistry = new RedisChildRegistry(connecting, {
    wanted: wantedOf(settings),
    heartbeat: { ...heartbeatOptions(settings), quarantine: runsQuarantine(spare) },
    tell: listen(log, serving, () => supervisor),
    onOrder: (pid, order) => void orders.take(pid, order),
    problem: (error) => log.warn({ err: error }, 'could not write the registry: trying again'),
    counted: serving && ((pid, counted) => serving.counts.recovered(pid, counted)),
  });
  const systemd = systemdOf(process.env, log);
  logSupervisor(log, events);
  let started = false;
  events.on('ready', () => {
    started = true;
  });
  events.on('ready', (facts) => startLine(log, settings, { ...facts, redis: maskUri(settings.uri) }));
  events.on('reloading', () => registry.reloading());
  serving?.subscribe(events);
  tellSystemd(events, systemd, statusText(settings));
  const supervisor: Supervisor = new Supervisor({ settings, flags, configFile, fork, registry, events, spare });
  const orders = new SupervisorOrders({ supervisor, registry, log, stop: (by) => shutdown.requestOnce(by) });
  events.on('stateChanged', () => registry.showStates((pid) => ownState(supervisor.states(), pid)));
  connecting.then(
    (connection) => serving?.connected(connection),
    () => supervisor.quiet(),
  );
  shutdown.attach(stoppable(supervisor, registry));
  const release = handleSignals({
    stop: (reason) => {
      systemd.stopping();
      shutdown.request(reason);
    },
    pause: (by) => orders.pause(by),
    resume: (by) => orders.resume(by),
    report: () => {
      supervisor.broadcast({ kind: 'report' });
      void logState(log, supervisor, registry);
    },
    ...(onTerminal() ? {} : { reload: () => supervisor.reload() }),
  });
  try {
    // First: if the port is in use, nothing else may start.
    await serving?.start();
    const result = await supervisor.run().catch(async (error: unknown) => {
      // If the supervisor cannot reach Redis either, its own error is the cause and is thrown instead.
      if (error instanceof TsworkerError && error.code === 'REDIS') await connecting;
      throw error;
    });
    await connecting;
    return registry.failed ? { ...result, exitCode: 1 } : result;
  } finally {
    shutdown.done();
    systemd.close();
    release();
    // Ends a connect that is still being tried.
    begun.abort();
    await scheduling.stop();
    const later = started && settings.exitOnComplete ? await countLeft(connecting, settings) : undefined;
    await connecting.then((connection) => connection.close()).catch(() => {});
    // Last: /readyz says that the worker is stopping.
    await serving?.stop();
    // No stop is logged for a worker that never started.
    if (started) stopLine(log, {}, later);
  }
}

/** What -exit-on-complete did not wait for. */
async function countLeft(connecting: Promise<Connection>, { namespace }: Settings): Promise<LaterJobs | undefined> {
  return await connecting.then((connection) => countLater(connection, createKeys(namespace))).catch(() => undefined);
}

function processesState(supervisor: Supervisor, begun: AbortSignal): ProcessesState {
  const states = supervisor.states();
  return {
    working: supervisor.ready > 0,
    paused: supervisor.paused,
    blocked: supervisor.allBlocked,
    stopping: supervisor.stopping || begun.aborted,
    blockedProcesses: states.filter(({ blockedSince }) => blockedSince !== undefined).length,
    drainingProcesses: states.filter(({ draining }) => draining).length,
    reloading: supervisor.reloading !== undefined,
  };
}

function ownState(states: readonly ChildState[], pid: number) {
  const state = states.find((one) => one.pid === pid);
  if (state === undefined) return undefined;
  const { paused, draining, reload, blockedSince } = state;
  return { paused, draining, reload, blockedForMs: blockedSince && performance.now() - blockedSince };
}

/** Loads the HTTP endpoints only with `-http`. */
async function prepareServing(
  settings: Settings,
  log: Logger,
  stand: () => ProcessesState,
): Promise<Serving | undefined> {
  if (settings.http === undefined) return undefined;
  const { serveSupervisor } = await import('./http-endpoints.js');
  return serveSupervisor(settings, log, stand);
}

/** What `systemctl status` shows. */
function tellSystemd(events: SupervisorEvents, systemd: Systemd, working: string): void {
  events.on('ready', () => systemd.ready(working));
  events.on('reloading', () => systemd.status(`${working}; reloading the job modules`));
  events.on('reloaded', () => systemd.status(working));
  events.on('reloadFailed', () => systemd.status(`${working}; the last reload failed, see the log`));
}

function wantedOf({ namespace, label, queues }: Settings) {
  return { namespace, label, queues: queues.queues.map((queue) => queue.name).join(',') };
}

function listen(
  log: Logger,
  serving: Serving | undefined,
  supervisor: () => Supervisor,
): (message: HeartbeatMessage) => void {
  const word = heartbeatWording(log);
  return (message) => {
    serving?.hear(message);
    if (message.kind === 'beat') supervisor().broadcast({ kind: 'processes', count: message.processes });
    if (message.kind === 'pruned' && message.worker.job?.outcome === 'quarantined') supervisor().lookIntoQuarantine();
    word(message);
  };
}

function dial(
  settings: Settings,
  log: Logger,
  events: Required<ConnectionEvents>,
  signal: AbortSignal,
): Promise<OpenedConnection> {
  const shownUri = maskUri(settings.uri);
  const hooks = { ...events, watch: settings.scheduler === 'on', ...connectWording(log, shownUri) };
  return connect(workerConnectOptions(settings, 'heartbeat'), shownUri, hooks, signal);
}

function stoppable(supervisor: Supervisor, registry: RedisChildRegistry) {
  return {
    get busy() {
      return supervisor.busy;
    },
    countJobs: () => supervisor.countJobs(),
    undelivered: 0,
    quiet: () => supervisor.quiet(),
    abort: (error: Error) => supervisor.abort(error),
    requeueAll: () => void setTimeout(() => supervisor.killAll(), KILL_AFTER_MS).unref(),
    giveUp: () => registry.giveUp(),
  };
}
