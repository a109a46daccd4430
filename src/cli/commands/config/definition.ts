/** The definition of `tsworker config`. */
import { ALL_SETTINGS, COMMON, defineCommand } from '../../command.js';

const FLAGS = { json: { ...COMMON.json, help: 'one JSON document instead of the table' } };
export type ConfigFlags = typeof FLAGS;

export const configCommand = defineCommand({
  name: 'config',
  group: 'Set up',
  help: 'print the settings in force and where each came from',
  flags: FLAGS,
  settings: ALL_SETTINGS,
  modules: 'shown',
  examples: [
    ['tsworker config', 'the settings of a worker that starts here'],
    ['tsworker config -queues=low -json', 'with one more flag, as JSON'],
  ],
  notes: 'Needs neither queues nor Redis, and shows no password.',
  load: async () => (await import('./run.js')).config,
});
