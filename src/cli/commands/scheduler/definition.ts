/** The definition of `tsworker scheduler`. */
import { CONNECTION_SETTINGS, defineCommand } from '../../command.js';

export const schedulerCommand = defineCommand({
  name: 'scheduler',
  group: 'Work',
  help: 'run the scheduler alone: moves delayed jobs to their queues, and enqueues recurring ones',
  flags: {},
  settings: [
    ...CONNECTION_SETTINGS,
    'schedule',
    'dynamicSchedule',
    'app',
    'schedulerLockPrefix',
    'label',
    'logLevel',
    'logFormat',
  ],
  examples: [
    ['tsworker scheduler', 'for workers that run with -scheduler=off'],
    [
      'tsworker scheduler -schedule=config/resque_schedule.yml',
      "instead of Ruby's resque-scheduler, beside Ruby workers",
    ],
  ],
  notes: `Every worker has a scheduler, and one of them leads: this command is only needed for a scheduler in its own process. Any number of them may run. It runs no jobs and loads no job modules.

Exit code: 0 after a stop signal; 1 Redis cannot be reached or refused; 2 wrong usage.`,
  load: async () => (await import('./run.js')).scheduler,
});
