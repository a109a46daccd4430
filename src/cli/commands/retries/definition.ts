/** The definition of `tsworker retries`. */
import { boolean, integer, text } from '../../../config/value-parsers.js';
import { COMMON, CONNECTION_SETTINGS, defineCommand } from '../../command.js';
import { ahead } from '../delayed/value-parsers.js';
import { names } from '../failed/value-parsers.js';

const FLAGS = {
  class: { kind: names('class'), help: "only jobs of this class (ActiveJob's own)" },
  queue: { kind: names('queue'), help: 'only jobs of this queue' },
  text: { kind: text('text', () => {}), help: 'only jobs whose payload contains this text' },
  error: { kind: text('text', () => {}), help: 'only jobs whose last error contains this text' },
  after: { kind: ahead, help: 'only jobs due after this time: 10m, 2h, 3d from now, or 2026-12-24T18:00' },
  before: { kind: ahead, help: 'only jobs due before this time' },
  all: { kind: boolean, help: 'run and fail: all jobs' },
  count: { kind: integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), help: 'list: how many', defaultText: '20' },
  'dry-run': { ...COMMON.dryRun, help: 'run, fail, remove: print what would be done, and change nothing' },
  yes: { ...COMMON.yes, help: 'remove: do not ask' },
  json: { ...COMMON.json, help: 'list: one JSON object per line; else one JSON document' },
};
export type RetriesFlags = typeof FLAGS;

const FILTERS = ['class', 'queue', 'text', 'error', 'after', 'before'];

export const retriesCommand = defineCommand({
  name: 'retries',
  group: 'Repair',
  help: 'list the failed jobs that wait to run again, run, fail or remove them',
  verbs: {
    list: { words: '', help: 'by queue, the next due first', flags: [...FILTERS, 'count', 'json'] },
    show: { words: '<id>', help: 'all details of one, with its failures', flags: ['json'] },
    run: {
      words: '[id…]',
      help: 'to their queues now, with new attempts: these, those that match the filters, or --all',
      flags: [...FILTERS, 'all', 'dry-run', 'json'],
    },
    fail: {
      words: '[id…]',
      help: 'to the failed list now, with their last error',
      flags: [...FILTERS, 'all', 'dry-run', 'json'],
    },
    remove: {
      words: '[id…]',
      help: 'delete these, or those that match the filters, after asking',
      flags: [...FILTERS, 'dry-run', 'yes', 'json'],
      destructive: true,
    },
  },
  flags: FLAGS,
  settings: CONNECTION_SETTINGS,
  examples: [
    ['tsworker retries', 'what runs again next'],
    ['tsworker retries show 1f2e3d4', 'what it failed with'],
    ['tsworker retries run -class=Charge', 'all of a class now'],
    ['tsworker retries fail -error=Declined', 'to the failed list, without further attempts'],
    ['tsworker retries run --all', 'all, before you leave tsworker: no other Resque worker knows these jobs'],
  ],
  notes: `An id, or its first seven digits or more, identifies a job until it has succeeded or failed for the last time.

Exit code: 0 all was done; 1 a job does not exist or was kept because you declined, or Redis refused; 2 wrong usage.`,
  load: async () => (await import('./run.js')).retries,
});
