/** How `tsworker demo` is typed. */
import { defineCommand } from '../../command.js';

export const demoCommand = defineCommand({
  name: 'demo',
  group: 'Work',
  help: 'a private Redis, 1,000 jobs and a worker: watch it run',
  flags: {},
  settings: [],
  examples: [['tsworker demo', 'needs redis-server on the PATH, and touches no Redis of yours']],
  load: async () => (await import('./run.js')).demo,
});
