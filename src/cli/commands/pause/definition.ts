/** The definitions of `tsworker pause` and `tsworker resume`. */
import { COMMON, CONNECTION_SETTINGS, defineCommand } from '../../command.js';

const FLAGS = {
  json: { ...COMMON.json, help: 'one JSON document: paused, what was in force before, which processes ignore it' },
};
export type PauseFlags = typeof FLAGS;

const NOTES = `tsworker and Ruby Resque check Resque's key pause-all-workers before they take a job. goworker and node-resque do \
not: pause lists their registered workers. Running jobs continue. \`tsworker status\` shows whether it is in force.

Exit code: 0 done, also if nothing had to be changed; 1 Redis refused or could not be reached.`;

export const pauseCommand = defineCommand({
  name: 'pause',
  group: 'Repair',
  help: 'stop the Ruby and tsworker workers of the namespace from taking new jobs',
  flags: FLAGS,
  settings: CONNECTION_SETTINGS,
  examples: [['tsworker pause', 'before a migration; tsworker resume when it is done']],
  notes: NOTES,
  load: async () => (await import('./run.js')).pause,
});

export const resumeCommand = defineCommand({
  name: 'resume',
  group: 'Repair',
  help: 'end the pause: workers take jobs again',
  flags: FLAGS,
  settings: CONNECTION_SETTINGS,
  examples: [['tsworker resume', 'the workers continue at once']],
  notes: NOTES,
  load: async () => (await import('./run.js')).resume,
});
