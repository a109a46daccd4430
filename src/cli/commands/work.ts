/** `tsworker work`: settings and logger in, worker on. Must not know how any of these is done. */
import { hasSpareConnection, loadSettings } from '../../config/load.js';
import type { Call } from '../command.js';

/** Resolves to the exit code when the worker has stopped. */
export async function work({ sources, modules: flags }: Call): Promise<number> {
  const resolved = await loadSettings(sources);
  const { settings, warnings } = resolved;
  // Loaded only now: wrong settings are told before Redis client and logger cost anything.
  const { createLog } = await import('../../log/pino.js');
  const log = await createLog(settings);
  if (settings.connections === 1) {
    const { runAlone } = await import('../../alone.js');
    return (await runAlone({ settings, log, warnings, flags })).exitCode;
  }
  const { runSupervised } = await import('../../control.js');
  return (await runSupervised({ settings, log, warnings, flags, spare: hasSpareConnection(resolved) })).exitCode;
}
