/** The definition of `tsworker check`. */
import { ALL_SETTINGS, COMMON, defineCommand } from '../../command.js';

const FLAGS = { json: { ...COMMON.json, help: 'one JSON document instead of the lines' } };
export type CheckFlags = typeof FLAGS;

export const checkCommand = defineCommand({
  name: 'check',
  group: 'Set up',
  help: 'check whether a worker would run here',
  flags: FLAGS,
  settings: ALL_SETTINGS,
  modules: 'reported',
  examples: [
    ['tsworker check', 'with the settings of a worker that starts here'],
    ['tsworker check -queues=high,low -uri=redis://redis:6379/', 'with the settings of its command line'],
    ['tsworker check -json', 'for machines: each finding with its level, text and hint'],
  ],
  notes: `Starts no worker, runs no job and no setup, and changes nothing in Redis. Job modules are loaded, as the worker does. At most \
100 jobs from either end of each queue are read.

✓ is correct; ! works, but needs attention; ✗ does not work, or may lose jobs. Exit code: 0 without any ✗, 1 with one, 2 for \
wrong usage.`,
  load: async () => (await import('./run.js')).check,
});
