/** The definition of `tsworker init`. */
import { boolean } from '../../../config/value-parsers.js';
import { COMMON, defineCommand } from '../../command.js';

const FLAGS = {
  procfile: { kind: boolean, help: 'also a Procfile, or a line in an existing one, for Heroku and similar' },
  systemd: { kind: boolean, help: 'also tsworker.service, a unit for systemd' },
  rails: { kind: boolean, help: 'the example is a job of a Rails application, with its Ruby side' },
  'dry-run': COMMON.dryRun,
  json: { ...COMMON.json, help: 'one JSON document instead of the lines' },
};
export type InitFlags = typeof FLAGS;

export const initCommand = defineCommand({
  name: 'init',
  group: 'Set up',
  help: 'put a first job, a configuration and npm scripts into a project',
  words: '[folder]',
  flags: FLAGS,
  settings: [],
  examples: [
    ['tsworker init', 'in this folder, empty or with a project in it'],
    ['tsworker init my-worker -procfile', 'in that folder, created if missing'],
    ['tsworker init -rails', 'beside a Rails application: a job from there, and one back'],
    ['tsworker init -dry-run', 'only print what would be written'],
  ],
  notes: `Writes jobs/hello.ts, tsworker.config.ts, tsconfig.json, and the scripts worker and worker:check in package.json: each only \
if it is missing. Nothing is ever overwritten; package.json keeps its indent. Installs nothing. With -rails the example is jobs/welcome.ts, \
with the Ruby files for it in rails/app/jobs.`,
  load: async () => (await import('./run.js')).init,
});
