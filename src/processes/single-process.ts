/**
 * The worker in one process, for `-connections=1`: no supervisor, no children. Handles signals and notifies systemd, as
 * supervisor-process.ts does for a worker with children.
 */
import type { Logger } from 'pino';
import type { Settings } from '../config/settings.js';
import { maskUri } from '../config/uri.js';
import { startLine, statusText } from '../log/log-subscriber.js';
import type { SignalActions } from '../worker/types.js';
import { handleSignals, onTerminal } from './signals.js';
import { type Systemd, systemdOf } from './systemd.js';
import { runWorkerProcess, type WorkerProcessOptions } from './worker-process.js';

type SingleProcessOptions = Pick<WorkerProcessOptions, 'settings' | 'log' | 'warnings' | 'flags' | 'configFile'>;

/** @throws TsworkerError REDIS, JOBS, HTTP, ... if it cannot start */
export async function runSingleProcess(options: SingleProcessOptions): ReturnType<typeof runWorkerProcess> {
  const { settings, log } = options;
  const systemd = systemdOf(process.env, log);
  try {
    return await runWorkerProcess({
      ...options,
      ownsProcess: true,
      control: (actions) => handleSignals({ ...notifyingStop(actions, systemd), ...withoutReload(log) }),
      onReady: announce(settings, log, systemd),
    });
  } finally {
    systemd.close();
  }
}

function announce(settings: Settings, log: Logger, systemd: Systemd): WorkerProcessOptions['onReady'] {
  return (facts) => {
    startLine(log, settings, { ...facts, redis: maskUri(settings.uri) });
    systemd.ready(statusText(settings));
  };
}

function notifyingStop(actions: SignalActions, systemd: Systemd): SignalActions {
  const stop = (reason: string) => {
    systemd.stopping();
    actions.stop(reason);
  };
  return { ...actions, stop };
}

/** A process cannot load a module again. */
function withoutReload(log: Logger): Pick<SignalActions, 'reload'> {
  const reload = () =>
    log.warn('HUP: with -connections=1 there is no child to replace; restart to load new job modules');
  return onTerminal() ? {} : { reload };
}
