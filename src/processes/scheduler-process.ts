/** The scheduler as a process of its own. Runs no job and loads no job module. */
import type { Logger } from 'pino';
import type { Settings } from '../config/settings.js';
import { maskUri } from '../config/uri.js';
import { FunctionRegistry } from '../job-modules/registry.js';
import { readSchedule } from '../job-modules/schedule.js';
import { connectWording } from '../log/log-subscriber.js';
import type { PublishedSet } from '../recurring/set-text.js';
import { connect } from '../redis/connect.js';
import type { Connection } from '../redis/connection.js';
import { workerConnectOptions } from '../redis/options.js';
import { serverTimeMs } from '../registry/clock.js';
import { createKeys } from '../resque/keys.js';
import { publish } from '../worker/publish-schedule.js';
import { Scheduling } from './scheduling.js';
import { handleSignals } from './signals.js';
import { systemdOf } from './systemd.js';

/**
 * Runs until a stop signal.
 * @throws TsworkerError USAGE for an entry of the schedule that cannot be; REDIS where Redis cannot be reached
 */
export async function runScheduler(settings: Settings, log: Logger): Promise<void> {
  const { schedule: source, dynamicSchedule: dynamic } = settings;
  const warn = (text: string) => log.warn(text);
  const set = await readSchedule({ source, functions: new FunctionRegistry(), dynamic, env: process.env, warn });
  const stopped = new AbortController();
  const systemd = systemdOf(process.env, log);
  const stop = (reason: string) => {
    if (!stopped.signal.aborted) log.info({ reason }, 'shutting down');
    systemd.stopping();
    stopped.abort();
  };
  const release = handleSignals({ stop, pause() {}, resume() {}, report() {} });
  let scheduling: Scheduling | undefined;
  const look = () => scheduling?.look();
  const shownUri = maskUri(settings.uri);
  try {
    const hooks = { onReady: look, onInvalidate: look, watch: true, ...connectWording(log, shownUri) };
    const connection = await connect(workerConnectOptions(settings, 'heartbeat'), shownUri, hooks, stopped.signal);
    try {
      await publishOwn(connection, settings, log, set, stopped.signal);
      scheduling = new Scheduling(Promise.resolve(connection), { ...settings, scheduler: 'on' }, log);
      log.info({ redis: shownUri, namespace: settings.namespace }, 'tsworker scheduler started');
      systemd.ready('moves delayed jobs and enqueues recurring ones');
      if (!stopped.signal.aborted)
        await new Promise((resolve) => stopped.signal.addEventListener('abort', resolve, { once: true }));
      await scheduling.stop();
    } finally {
      await connection.close();
    }
    log.info('tsworker scheduler stopped');
  } catch (error) {
    // A stop while it still connects is no failure.
    if (!stopped.signal.aborted) throw error;
  } finally {
    release();
    systemd.close();
  }
}

/** Under a name of its own: what the workers of the application publish is more than what a process without modules knows. */
async function publishOwn(
  connection: Connection,
  settings: Settings,
  log: Logger,
  set: PublishedSet,
  signal: AbortSignal,
): Promise<void> {
  const keys = createKeys(settings.namespace);
  const app = `${settings.app} (scheduler)`;
  await publish({ connection, keys, log, app, set, signal, startedMs: await serverTimeMs(connection) });
}
