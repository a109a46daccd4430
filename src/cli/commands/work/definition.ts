/** How `tsworker work` is typed. */
import { ALL_SETTINGS, defineCommand } from '../../command.js';

export const workCommand = defineCommand({
  name: 'work',
  group: 'Work',
  help: 'work the queues: what happens when no command is named',
  flags: {},
  settings: ALL_SETTINGS,
  modules: 'demanded',
  examples: [
    ['tsworker -queues=high,low', 'strict order: low only while high is empty'],
    ['tsworker -queues=high=2,low=1 -concurrency=50', 'by weight, 50 jobs at once'],
    ['tsworker -queues=low -exit-on-complete', 'work until the queue is empty, then leave'],
  ],
  notes:
    'Exit code: 0 when every job ended by itself, 1 when one had to be put back or the daemon could not work, 2 for wrong usage.',
  load: async () => (await import('./run.js')).work,
});
