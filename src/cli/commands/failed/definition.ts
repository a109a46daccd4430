/** The definition of `tsworker failed`. */
import { boolean, choice, integer } from '../../../config/value-parsers.js';
import { COMMON, CONNECTION_SETTINGS, defineCommand } from '../../command.js';
import { moment, names, pattern, queueName, rate } from './value-parsers.js';

const FLAGS = {
  class: { kind: names('class'), help: "only jobs of this class (ActiveJob's own, or its wrapper)" },
  queue: { kind: names('queue'), help: 'only jobs of this queue' },
  kind: { kind: names(), help: 'only failures of this kind, as count and show name it' },
  since: { kind: moment, help: 'only jobs that failed since this time: 30m, 2h, 3d, or 2026-11-24T10:30' },
  before: { kind: moment, help: 'only jobs that failed before this time' },
  error: { kind: pattern, help: 'only if exception or message contain this text, or match this /regex/' },
  retried: { kind: boolean, help: "only jobs that Resque's web page has retried and left in the list" },
  all: { kind: boolean, help: 'retry: all that match the filters, or all' },
  count: { kind: integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), help: 'list: how many', defaultText: '20' },
  from: { kind: integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), help: 'list: from this N to older ones' },
  by: {
    kind: { ...choice('kind', 'error', 'class', 'queue', 'hour'), placeholder: 'what' },
    help: 'count: group by kind (queue, class, exception and message), error, class, queue or hour',
    defaultText: 'kind',
  },
  rate: { kind: rate, help: 'retry: jobs per second; default unlimited' },
  to: { kind: queueName, help: 'retry: into this queue instead of their own' },
  'dry-run': { ...COMMON.dryRun, help: 'retry, remove, clear: print what would be done, and change nothing' },
  yes: { ...COMMON.yes, help: 'remove and clear: do not ask' },
  json: { ...COMMON.json, help: 'list and count: one JSON object per line; else one JSON document' },
};
export type FailedFlags = typeof FLAGS;

const FILTERS = ['class', 'queue', 'kind', 'since', 'before', 'error', 'retried'];

export const failedCommand = defineCommand({
  name: 'failed',
  group: 'Repair',
  help: 'list the failed jobs, show, retry or remove them',
  verbs: {
    list: { words: '', help: 'the newest first', flags: [...FILTERS, 'count', 'from', 'json'] },
    count: { words: '', help: 'how many of each kind, first and last', flags: [...FILTERS, 'by', 'json'] },
    show: { words: '<N|id>', help: 'all details of one', flags: ['json'] },
    retry: {
      words: '[N|id…]',
      help: 'back to their queues: these, those that match the filters, or --all',
      flags: [...FILTERS, 'all', 'rate', 'to', 'dry-run', 'json'],
    },
    remove: {
      words: '[N|id…]',
      help: 'delete these, or those that match the filters, after asking',
      flags: [...FILTERS, 'dry-run', 'yes', 'json'],
      destructive: true,
    },
    clear: {
      words: '',
      help: 'all of them, or all that match the filters, after asking',
      flags: [...FILTERS, 'dry-run', 'yes', 'json'],
      destructive: true,
    },
  },
  flags: FLAGS,
  settings: CONNECTION_SETTINGS,
  examples: [
    ['tsworker failed count -since=2h', 'what failed lately, and how often'],
    ['tsworker failed list -class=Charge -error=timeout', 'which of them'],
    ['tsworker failed show 12', 'arguments, message, backtrace'],
    ['tsworker failed retry 12 15 20-29', 'these, by their current N'],
    ['tsworker failed retry 1f2e3d4', 'the one with this id, wherever it is now'],
    ["tsworker failed retry -class=Charge -error='/timeout|refused/'", 'all of a kind'],
    ['tsworker failed retry -class=Charge -rate=50', 'not more than 50 a second'],
    ['tsworker failed clear -before=30d --yes', 'the old ones, without asking'],
  ],
  notes: `N counts from 0 at the oldest, as in Resque: new failures do not change it, but a removed entry moves those after it \
down. An id, or its first seven digits or more, identifies an entry wherever it is; N@ID finds it faster in a long list.

A kind is a group of failures with the same class, exception and message, ignoring numbers, ids, addresses and quoted values in the \
message.

A retry pushes the payload, byte for byte, to the tail of its queue, and takes the entry out of the list, in one step. \
Jobs that fail again meanwhile are not retried again. Entries that Resque's web page has retried are left out, unless N or \
-retried selects them.

Exit code: 0 all was done; 1 an entry does not exist, cannot be retried or was kept because you declined, or Redis refused; \
2 wrong usage; 130 interrupted.`,
  load: async () => (await import('./run.js')).failed,
});
