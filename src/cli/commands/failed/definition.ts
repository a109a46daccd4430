/** How `tsworker failed` is typed. */
import { boolean, integer } from '../../../config/value-parsers.js';
import { COMMON, CONNECTION_SETTINGS, defineCommand } from '../../command.js';
import { moment, names, pattern } from './value-parsers.js';

const FLAGS = {
  class: { kind: names, help: "only jobs of this class (ActiveJob's own, or its wrapper)" },
  queue: { kind: names, help: 'only jobs of this queue' },
  since: { kind: moment, help: 'only what failed since then: 30m, 2h, 3d, or 2026-11-24T10:30' },
  before: { kind: moment, help: 'only what failed before' },
  error: { kind: pattern, help: 'only where exception or message hold this text, or match this /regex/' },
  retried: { kind: boolean, help: "only what Resque's web page has retried already, and left in the list" },
  all: { kind: boolean, help: 'retry: all that match the filters, or all there are' },
  count: { kind: integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), help: 'list: how many', defaultText: '20' },
  from: { kind: integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), help: 'list: from this N on, to the older ones' },
  'dry-run': { ...COMMON.dryRun, help: 'retry, remove, clear: say what would be done, and change nothing' },
  yes: { ...COMMON.yes, help: 'remove and clear: do not ask' },
  json: { ...COMMON.json, help: 'list and count: a line of JSON each; else one JSON document' },
};
export type FailedFlags = typeof FLAGS;

const FILTERS = ['class', 'queue', 'since', 'before', 'error', 'retried'];

export const failedCommand = defineCommand({
  name: 'failed',
  group: 'Repair',
  help: 'list the failed jobs, look into one, retry or remove them',
  verbs: {
    list: { words: '', help: 'the newest first', flags: [...FILTERS, 'count', 'from', 'json'] },
    count: { words: '', help: 'how many there are, by class, queue and exception', flags: [...FILTERS, 'json'] },
    show: { words: '<N>', help: 'all that is known of one', flags: ['json'] },
    retry: {
      words: '[N…]',
      help: 'back to their queues: these, those that match the filters, or --all',
      flags: [...FILTERS, 'all', 'dry-run', 'json'],
    },
    remove: {
      words: '[N…]',
      help: 'for good: these, or those that match the filters, after asking',
      flags: [...FILTERS, 'dry-run', 'yes', 'json'],
    },
    clear: {
      words: '',
      help: 'all of them, or all that match the filters, after asking',
      flags: [...FILTERS, 'dry-run', 'yes', 'json'],
    },
  },
  flags: FLAGS,
  settings: CONNECTION_SETTINGS,
  examples: [
    ['tsworker failed count -since=2h', 'what has failed lately, and how often'],
    ['tsworker failed list -class=Charge -error=timeout', 'which of them'],
    ['tsworker failed show 12', 'arguments, message, backtrace'],
    ['tsworker failed retry 12 15 20-29', 'these, as they stand there now'],
    ['tsworker failed retry 12@1f2e3d4', 'the one that was seen there, wherever it stands by now'],
    ["tsworker failed retry -class=Charge -error='/timeout|refused/'", 'all of a kind'],
    ['tsworker failed clear -before=30d --yes', 'the old ones, without asking'],
  ],
  notes: `N counts from 0 at the oldest, as in Resque: new failures do not change it, but whatever goes moves those behind it \
down. So N@ID, as list shows both, names an entry for sure: where it has moved, it is found.

A retry pushes the payload, byte for byte, to the tail of its queue, and takes the entry out of the list, in one step. \
Entries that fail again meanwhile are not retried again. What Resque's web page has retried already is left out, unless N or \
-retried names it.

Exit code: 0 all was done; 1 an entry is not there, cannot be retried or was not to be removed after all, or Redis refused; \
2 wrong usage; 130 interrupted.`,
  load: async () => (await import('./run.js')).failed,
});
