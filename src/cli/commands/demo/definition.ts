/** The definition of `tsworker demo`. */
import { boolean } from '../../../config/value-parsers.js';
import { defineCommand } from '../../command.js';

const FLAGS = { keep: { kind: boolean, help: 'leave its Redis running afterwards, and print the address' } };
export type DemoFlags = typeof FLAGS;

export const demoCommand = defineCommand({
  name: 'demo',
  group: 'Work',
  help: 'a private Redis, a worker, 50,000 jobs, a crash: watch it in ten seconds',
  flags: FLAGS,
  settings: [],
  examples: [
    ['tsworker demo', 'needs redis-server on the PATH, and touches no Redis of yours'],
    ['tsworker demo -keep', 'afterwards, look at what is in its Redis'],
  ],
  load: async () => (await import('./run.js')).demo,
});
