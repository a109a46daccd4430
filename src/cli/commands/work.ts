/** `tsworker work`: settings and logger in, worker on. Must not know how any of these is done. */
import { loadSettings, type Sources } from '../../config/load.js';

/** Resolves to the exit code when the worker has stopped. */
export async function work(sources: Sources, flags: Readonly<Record<string, unknown>>): Promise<number> {
  const { settings, warnings } = await loadSettings(sources);
  // Loaded only now: wrong settings are told before Redis client and logger cost anything.
  const [{ workWith }, { createLog }] = await Promise.all([import('../../library.js'), import('../../log/pino.js')]);
  const { logger, flush } = await createLog(settings);
  try {
    const { exitCode } = await workWith({ settings, log: logger, warnings, flags, ownsProcess: true });
    return exitCode;
  } finally {
    // Also when it fails: the last lines are the ones that say why.
    flush();
  }
}
