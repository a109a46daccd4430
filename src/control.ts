/**
 * The control role: assembly of a supervisor with its children, the registry for all of them, and the signals. It runs
 * no job and loads no job module.
 */
import type { Logger } from 'pino';
import type { Settings } from './config/settings.js';
import { maskUri } from './config/uri.js';
import { connectOptionsOf, heartbeatOptions, type WorkResult } from './daemon.js';
import { connectWording, heartbeatWording, startLine, supervisorWording } from './log/wording.js';
import { connect } from './redis/connect.js';
import type { Connection } from './redis/connection.js';
import { RegistryBooks } from './registry/books.js';
import type { HeartbeatMessage } from './registry/heartbeat.js';
import { handleSignals } from './signals.js';
import { Stopping } from './stopping.js';
import { Supervisor } from './supervisor/supervisor.js';

export interface ControlOptions {
  readonly settings: Settings;
  readonly log: Logger;
  readonly warnings: readonly string[];
  readonly flags: Readonly<Record<string, unknown>>;
}

/** From the moment at which children give up their jobs until those that do not answer are killed. */
const KILL_AFTER_MS = 1500;
/** The children have waited for Redis by then: the registry waits only a little longer. */
const DELIVERY_MS = 2000;

/** @throws TsworkerError REDIS, JOBS or what else keeps a child from starting */
export async function runSupervised({ settings, log, warnings, flags }: ControlOptions): Promise<WorkResult> {
  for (const warning of warnings) log.warn(warning);
  const begun = new AbortController();
  const stopping = new Stopping({ log, graceMs: settings.grace * 1000, deliveryMs: DELIVERY_MS, begun });
  const connecting = dial(settings, log, () => books.beat(), begun.signal);
  const books: RegistryBooks = new RegistryBooks(connecting, {
    wanted: wantedOf(settings),
    heartbeat: heartbeatOptions(settings),
    tell: listen(log, (count) => supervisor.broadcast({ kind: 'processes', count })),
    problem: (error) => log.warn({ err: error }, 'the registry cannot be written, trying again'),
  });
  const redis = maskUri(settings.uri);
  const file = new URL('./child.js', import.meta.url);
  const events = { ...supervisorWording(log), ready: (facts: Ready) => startLine(log, settings, { ...facts, redis }) };
  const supervisor = new Supervisor({ settings, flags, file, books, events });
  connecting.catch(() => supervisor.quiet());
  stopping.attach(stoppable(supervisor, books));
  const release = handleSignals({
    stop: (reason) => stopping.request(reason),
    pause: () => supervisor.broadcast({ kind: 'pause' }),
    resume: () => supervisor.broadcast({ kind: 'resume' }),
    report: () => supervisor.broadcast({ kind: 'report' }),
  });
  try {
    const result = await supervisor.run();
    await connecting;
    return books.failed ? { ...result, exitCode: 1 } : result;
  } finally {
    stopping.done();
    release();
    await connecting.then((connection) => connection.close()).catch(() => {});
    log.info('tsworker stopped');
  }
}

type Ready = { readonly classes: readonly string[]; readonly tracking: boolean };

function wantedOf({ namespace, label, queues }: Settings) {
  return { namespace, label, queues: queues.queues.map((queue) => queue.name).join(',') };
}

function listen(log: Logger, onProcesses: (count: number) => void): (message: HeartbeatMessage) => void {
  const word = heartbeatWording(log);
  return (message) => {
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
