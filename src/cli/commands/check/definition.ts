/** The definition of `tsworker check`. */
import { ALL_SETTINGS, COMMON, defineCommand } from '../../command.js';

const FLAGS = { json: { ...COMMON.json, help: 'one JSON document instead of the lines' } };
export type CheckFlags = typeof FLAGS;

export const checkCommand = defineCommand({
  name: 'check',
  group: 'Set up',
  help: 'find what would keep a worker from running here',
  flags: FLAGS,
  settings: ALL_SETTINGS,
  modules: 'reported',
  examples: [
    ['tsworker check', 'with the settings that the worker would have here'],
    ['tsworker check -queues=high,low -uri=redis://redis:6379/', 'with those of its command line'],
    ['tsworker check -json', 'for machines: each finding with its level, text and hint'],
  ],
  notes: `Starts no worker, runs no job and no setup, and changes nothing in Redis. Job modules are loaded, as the worker does. Of \
each queue at most 100 jobs from either end are looked at.

✓ is as it should be; ! works, but look at it; ✗ does not work, or may lose jobs. Exit code: 0 without any ✗, 1 with one, 2 for \
wrong usage.`,
  load: async () => (await import('./run.js')).check,
});
