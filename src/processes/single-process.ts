/**
 * The worker in one process, for `-connections=1`: no supervisor, no child. Signals and systemd are heard and told here, as
 * supervisor-process.ts does where there are children.
 */
import type { Logger } from 'pino';
import type { Settings } from '../config/settings.js';
import { maskUri } from '../config/uri.js';
import { startLine, statusText } from '../log/log-subscriber.js';
import type { SignalActions } from '../worker/types.js';
import { handleSignals, onTerminal } from './signals.js';
import { type Systemd, systemdOf } from './systemd.js';
import { runWorkerProcess, type WorkerProcessOptions } from './worker-process.js';

type AloneOptions = Pick<WorkerProcessOptions, 'settings' | 'log' | 'warnings' | 'flags'>;

/** @throws TsworkerError REDIS, JOBS or what else keeps it from starting */
export async function runAlone(options: AloneOptions): ReturnType<typeof runWorkerProcess> {
  const { settings, log } = options;
  const systemd = systemdOf(process.env, log);
  try {
    return await runWorkerProcess({
      ...options,
      ownsProcess: true,
      control: (actions) => handleSignals({ ...stopTold(actions, systemd), ...withoutReload(log) }),
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

function stopTold(actions: SignalActions, systemd: Systemd): SignalActions {
  const stop = (reason: string) => {
    systemd.stopping();
    actions.stop(reason);
  };
  return { ...actions, stop };
}

/** Modules cannot be loaded twice into one process. */
function withoutReload(log: Logger): Pick<SignalActions, 'reload'> {
  const reload = () =>
    log.warn('HUP: with -connections=1 there is no child to replace; restart to load new job modules');
  return onTerminal() ? {} : { reload };
}
