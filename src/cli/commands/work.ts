/** `tsworker work`: settings and logger in, worker on. Must not know how any of these is done. */
import type { Logger } from 'pino';
import { hasSpareConnection, loadSettings } from '../../config/load.js';
import { handleSignals, onTerminal, type SignalActions } from '../../signals.js';
import type { Call } from '../command.js';

/** Resolves to the exit code when the worker has stopped. */
export async function work({ sources, modules: flags }: Call): Promise<number> {
  const resolved = await loadSettings(sources);
  const { settings, warnings } = resolved;
  // Loaded only now: wrong settings are told before Redis client and logger cost anything.
  const { createLog } = await import('../../log/pino.js');
  const log = await createLog(settings);
  if (settings.connections === 1) {
    const { workWith } = await import('../../library.js');
    const control = (actions: SignalActions) => handleSignals({ ...actions, ...withoutReload(log) });
    return (await workWith({ settings, log, warnings, flags, ownsProcess: true, control })).exitCode;
  }
  const { runSupervised } = await import('../../control.js');
  return (await runSupervised({ settings, log, warnings, flags, spare: hasSpareConnection(resolved) })).exitCode;
}

/** Modules cannot be loaded twice into one process. */
function withoutReload(log: Logger): Pick<SignalActions, 'reload'> {
  const reload = () =>
    log.warn('HUP: with -connections=1 there is no child to replace; restart to load new job modules');
  return onTerminal() ? {} : { reload };
}
