/**
 * The daemon in one process, for `-connections=1`: no supervisor, no child. Signals and systemd are heard and told here,
 * as supervisor-process.ts does where there are children. Knows the library's one call, and nothing of what it assembles.
 */
import type { Logger } from 'pino';
import type { Settings } from '../config/settings.js';
import { maskUri } from '../config/uri.js';
import { type WorkOptions, workWith } from '../library/library.js';
import { startLine, statusText } from '../log/log-subscriber.js';
import { handleSignals, onTerminal, type SignalActions } from './signals.js';
import { type Systemd, systemdOf } from './systemd.js';

type AloneOptions = Pick<WorkOptions, 'settings' | 'log' | 'warnings' | 'flags'>;

/** @throws TsworkerError REDIS, JOBS or what else keeps it from starting */
export async function runAlone(options: AloneOptions): ReturnType<typeof workWith> {
  const { settings, log } = options;
  const systemd = systemdOf(process.env, log);
  try {
    return await workWith({
      ...options,
      ownsProcess: true,
      control: (actions) => handleSignals({ ...stopTold(actions, systemd), ...withoutReload(log) }),
      onReady: announce(settings, log, systemd),
    });
  } finally {
    systemd.close();
  }
}

function announce(settings: Settings, log: Logger, systemd: Systemd): WorkOptions['onReady'] {
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
