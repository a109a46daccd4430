/**
 * The control role: assembly of a supervisor with its children, the registry for all of them, and the signals. It runs
 * no job and loads no job module.
 */
import type { ChildProcess } from 'node:child_process';
import type { Logger } from 'pino';
import type { Settings } from '../config/settings.js';
import { maskUri } from '../config/uri.js';
import { connectWording, heartbeatWording, startLine, statusText, supervisorWording } from '../log/log-subscriber.js';
import { connect } from '../redis/connect.js';
import type { Connection } from '../redis/connection.js';
import { RegistryBooks } from '../registry/child-registry.js';
import type { HeartbeatMessage } from '../registry/heartbeat.js';
import type { SupervisorEvents } from '../supervisor/interfaces.js';
import { Supervisor } from '../supervisor/supervisor.js';
import { Stopping } from '../worker/shutdown.js';
import type { WorkResult } from '../worker/types.js';
import { connectOptionsOf, heartbeatOptions } from '../worker/wiring.js';
import type { Serving } from './http-endpoints.js';
import { handleSignals, onTerminal } from './signals.js';
import { type Systemd, systemdOf } from './systemd.js';

export interface ControlOptions {
  readonly settings: Settings;
  readonly log: Logger;
  readonly warnings: readonly string[];
  readonly flags: Readonly<Record<string, unknown>>;
  /** `-connections` leaves room for one child more while a reload is under way. */
  readonly spare: boolean;
  /** Starts the process of a child. */
  readonly fork: () => ChildProcess;
}

/** From the moment at which children give up their jobs until those that do not answer are killed. */
const KILL_AFTER_MS = 1500;
/** The children have waited for Redis by then: the registry waits only a little longer. */
const DELIVERY_MS = 2000;

/** @throws TsworkerError REDIS, JOBS, HTTP or what else keeps a child from starting */
export async function runSupervised({
  settings,
  log,
  warnings,
  flags,
  spare,
  fork,
}: ControlOptions): Promise<WorkResult> {
  for (const warning of warnings) log.warn(warning);
  const begun = new AbortController();
  const standing = () => ({ working: supervisor.ready > 0, stopping: supervisor.stopping || begun.signal.aborted });
  const serving = await prepareServing(settings, log, standing);
  const stopping = new Stopping({ log, graceMs: settings.grace * 1000, deliveryMs: DELIVERY_MS, begun });
  const onReady = () => {
    serving?.reconnected();
    books.beat();
  };
  const connecting = dial(settings, log, onReady, begun.signal);
  const books: RegistryBooks = new RegistryBooks(connecting, {
    wanted: wantedOf(settings),
    heartbeat: heartbeatOptions(settings),
    tell: listen(log, serving, (count) => supervisor.broadcast({ kind: 'processes', count })),
    problem: (error) => log.warn({ err: error }, 'the registry cannot be written, trying again'),
    counted: serving && ((pid, counted) => serving.counts.buried(pid, counted)),
  });
  const systemd = systemdOf(process.env, log);
  let started = false;
  const told = toldToSystemd(eventsOf(settings, log, serving), systemd, statusText(settings));
  const events: SupervisorEvents = {
    ...told,
    ready(facts) {
      started = true;
      told.ready(facts);
    },
  };
  const supervisor = new Supervisor({ settings, flags, fork, books, events, spare });
  connecting.then(
    (connection) => serving?.connected(connection),
    () => supervisor.quiet(),
  );
  stopping.attach(stoppable(supervisor, books));
  const release = handleSignals({
    stop: (reason) => {
      systemd.stopping();
      stopping.request(reason);
    },
    pause: () => supervisor.suspend(true),
    resume: () => supervisor.suspend(false),
    report: () => supervisor.broadcast({ kind: 'report' }),
    ...(onTerminal() ? {} : { reload: () => supervisor.reload() }),
  });
  try {
    // First: a port that is in use must keep anything from starting.
    await serving?.start();
    const result = await supervisor.run();
    await connecting;
    return books.failed ? { ...result, exitCode: 1 } : result;
  } finally {
    stopping.done();
    systemd.close();
    release();
    await connecting.then((connection) => connection.close()).catch(() => {});
    // Last: while we stop, it says so.
    await serving?.stop();
    // Of what never worked nobody asks whether it has stopped.
    if (started) log.info('tsworker stopped');
  }
}

/** Loads what is needed only where `-http` asks for it. */
async function prepareServing(settings: Settings, log: Logger, standing: Standing): Promise<Serving | undefined> {
  if (settings.http === undefined) return undefined;
  const { serveSupervisor } = await import('./http-endpoints.js');
  return serveSupervisor(settings, log, standing);
}

type Standing = () => { readonly working: boolean; readonly stopping: boolean };

/** To the log, and to what is counted. */
function eventsOf(settings: Settings, log: Logger, serving: Serving | undefined): SupervisorEvents {
  const redis = maskUri(settings.uri);
  const word = supervisorWording(log);
  const counts = serving?.counts;
  return {
    ...word,
    ready(facts) {
      startLine(log, settings, { ...facts, redis });
      counts?.totals.setClasses(facts.classes);
    },
    died(pid, death, restartInMs) {
      word.died(pid, death, restartInMs);
      counts?.died(pid, restartInMs >= 0);
    },
    retiring(pid, rssMb) {
      word.retiring(pid, rssMb);
      counts?.retiring();
    },
    blocked(pid, silentMs) {
      word.blocked(pid, silentMs);
      counts?.blocked(pid);
    },
    replacing(oldPid, newPid) {
      word.replacing(oldPid, newPid);
      counts?.replacing();
    },
    reloaded(facts) {
      word.reloaded(facts);
      counts?.totals.setClasses(facts.classes);
    },
    counted: (place, pid, some) => counts?.counted(place, pid, some),
    left: (place, pid, inOrder) => counts?.left(place, pid, inOrder),
  };
}

/** The events that change what `systemctl status` shows. */
function toldToSystemd(events: SupervisorEvents, systemd: Systemd, working: string): SupervisorEvents {
  const { ready, reloading, reloaded, reloadFailed } = events;
  const and =
    <A extends unknown[]>(event: (...args: A) => void, tell: () => void) =>
    (...args: A) => {
      event(...args);
      tell();
    };
  return {
    ...events,
    ready: and(ready, () => systemd.ready(working)),
    reloading: and(reloading, () => systemd.status(`${working}; reloading the job modules`)),
    reloaded: and(reloaded, () => systemd.status(working)),
    reloadFailed: and(reloadFailed, () => systemd.status(`${working}; the last reload failed, see the log`)),
  };
}

function wantedOf({ namespace, label, queues }: Settings) {
  return { namespace, label, queues: queues.queues.map((queue) => queue.name).join(',') };
}

function listen(
  log: Logger,
  serving: Serving | undefined,
  onProcesses: (count: number) => void,
): (message: HeartbeatMessage) => void {
  const word = heartbeatWording(log);
  return (message) => {
    serving?.hear(message);
    if (message.kind === 'beat') onProcesses(message.processes);
    word(message);
  };
}

function dial(settings: Settings, log: Logger, onReady: () => void, signal: AbortSignal): Promise<Connection> {
  const shownUri = maskUri(settings.uri);
  const hooks = { onReady, ...connectWording(log, shownUri) };
  return connect(connectOptionsOf(settings, 'heartbeat'), shownUri, hooks, signal);
}

function stoppable(supervisor: Supervisor, books: RegistryBooks) {
  return {
    get busy() {
      return supervisor.busy;
    },
    undelivered: 0,
    quiet: () => supervisor.quiet(),
    abort: (error: Error) => supervisor.abort(error),
    putBackAll: () => void setTimeout(() => supervisor.killAll(), KILL_AFTER_MS).unref(),
    giveUp: () => books.giveUp(),
  };
}
