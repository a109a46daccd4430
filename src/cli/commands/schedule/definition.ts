/** The definition of `tsworker schedule`. */
import { boolean } from '../../../config/value-parsers.js';
import { COMMON, CONNECTION_SETTINGS, defineCommand } from '../../command.js';

const FLAGS = {
  all: { kind: boolean, help: 'pause and resume: all entries' },
  'dry-run': { ...COMMON.dryRun, help: 'run, pause, resume, import: print what would be done, and change nothing' },
  json: { ...COMMON.json, help: 'list: one JSON object per line; else one JSON document' },
};
export type ScheduleFlags = typeof FLAGS;

export const scheduleCommand = defineCommand({
  name: 'schedule',
  group: 'Repair',
  help: 'list the recurring jobs, run, pause or resume them',
  verbs: {
    list: { words: '', help: 'what comes next, what was enqueued last and by whom', flags: ['json'] },
    show: { words: '<name>', help: 'all details of one, and its next five times', flags: ['json'] },
    run: { words: '<name…>', help: 'enqueue these once, now', flags: ['dry-run', 'json'] },
    pause: { words: '[name…]', help: 'stop enqueueing these until resume', flags: ['all', 'dry-run', 'json'] },
    resume: {
      words: '[name…]',
      help: 'continue with the next time; missed times are not made up for',
      flags: ['all', 'dry-run', 'json'],
    },
    import: {
      words: '[file]',
      help: 'write the entries that Ruby programs added (persistent_schedules) into a new file, or show them',
      flags: ['dry-run', 'json'],
    },
  },
  flags: FLAGS,
  settings: CONNECTION_SETTINGS,
  examples: [
    ['tsworker schedule', 'what comes next'],
    ['tsworker schedule show nightly', 'when, in which queue, and the next five times'],
    ['tsworker schedule run nightly', 'once more, now'],
    ['tsworker schedule pause nightly', 'until tsworker schedule resume nightly'],
    ['tsworker schedule import config/resque_schedule.yml', "Ruby's dynamic entries, for -schedule"],
  ],
  notes: `The entries that workers published at their start: "schedule" of their configuration, and job({ cron }) of their job modules.

Exit code: 0 all was done; 1 there is no such entry, the file exists, or Redis refused; 2 wrong usage.`,
  load: async () => (await import('./run.js')).schedule,
});
