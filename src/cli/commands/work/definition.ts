/** The definition of `tsworker work`. */
import { ALL_SETTINGS, defineCommand } from '../../command.js';

export const workCommand = defineCommand({
  name: 'work',
  group: 'Work',
  help: 'run the worker: the default when no command is given',
  flags: {},
  settings: ALL_SETTINGS,
  modules: 'demanded',
  examples: [
    ['tsworker -queues=high,low', 'strict order: low only while high is empty'],
    ['tsworker -queues=high=2,low=1 -concurrency=50', 'by weight, 50 jobs at once'],
    ['tsworker -queues=low -exit-on-complete', 'work until the queue is empty, then leave'],
  ],
  notes:
    'Exit code: 0 every job ended by itself; 1 a job had to be requeued, or the worker could not run; 2 wrong usage.',
  load: async () => (await import('./run.js')).work,
});
