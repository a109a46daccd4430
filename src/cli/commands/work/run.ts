/** `tsworker work`: loads the settings, creates the logger and starts the worker. */
import { loadSettings, spareConnections } from '../../../config/load.js';
import type { Settings } from '../../../config/settings.js';
import { builtFile } from '../../../package-files.js';
import type { Call } from '../../command.js';

/** Resolves to the exit code when the worker has stopped. */
export async function work({ sources, modules: flags }: Call): Promise<number> {
  const resolved = await loadSettings(sources);
  const { settings, warnings, configFile } = resolved;
  // Loaded only now, so that invalid settings are reported before child processes, Redis client and logger are started.
  if (settings.connections === 1) {
    const [log, { runSingleProcess }] = await Promise.all([
      logOf(settings),
      import('../../../processes/single-process.js'),
    ]);
    return (await runSingleProcess({ settings, log, warnings, flags, configFile })).exitCode;
  }
  const { Prefork } = await import('../../../processes/prefork.js');
  const forks = new Prefork(builtFile('child'), settings.processes);
  try {
    const [log, { runSupervised }] = await Promise.all([
      logOf(settings),
      import('../../../processes/supervisor-process.js'),
    ]);
    const spare = spareConnections(resolved);
    return (await runSupervised({ settings, log, warnings, flags, configFile, spare, fork: () => forks.next() }))
      .exitCode;
  } finally {
    forks.close();
  }
}

async function logOf(settings: Settings) {
  return await (await import('../../../log/pino.js')).createLog(settings);
}
