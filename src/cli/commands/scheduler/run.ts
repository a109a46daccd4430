/** `tsworker scheduler`: loads the settings, creates the logger and runs the scheduler. */
import { loadSettings } from '../../../config/load.js';
import { type Call, EXIT } from '../../command.js';

export async function scheduler({ sources }: Call): Promise<number> {
  const { settings, warnings } = await loadSettings({ ...sources, queuesRequired: false });
  const [{ createLog }, { runScheduler }] = await Promise.all([
    import('../../../log/pino.js'),
    import('../../../processes/scheduler-process.js'),
  ]);
  const log = createLog(settings);
  for (const warning of warnings) log.warn(warning);
  await runScheduler(settings, log);
  return EXIT.fine;
}
