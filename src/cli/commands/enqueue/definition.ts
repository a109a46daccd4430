/** How `tsworker enqueue` is typed. */
import { file, type Kind, text } from '../../../config/value-parsers.js';
import { TsworkerError } from '../../../errors.js';
import { COMMON, CONNECTION_SETTINGS, defineCommand } from '../../command.js';

const name = text('name', (value) => {
  if (value.trim() === '') throw new TsworkerError('USAGE', 'must be the name of a queue');
});
const path: Kind<string> = {
  placeholder: 'path',
  parse: (value, reading) => (value === '-' ? '-' : file.parse(value, reading)),
};

const FLAGS = {
  queue: { kind: name, help: 'which queue; with -file, for lines that name none' },
  file: { kind: path, help: 'one job a line: {"class":…,"args":[…],"queue":…}; - for standard input' },
  'dry-run': { ...COMMON.dryRun, help: 'check every line, and enqueue nothing' },
  json: { ...COMMON.json, help: 'one JSON document in place of the report' },
};
export type EnqueueFlags = typeof FLAGS;

export const enqueueCommand = defineCommand({
  name: 'enqueue',
  group: 'Work',
  help: 'push a job, or a file of them',
  words: '[class] [args…]',
  flags: FLAGS,
  settings: [...CONNECTION_SETTINGS, 'pruneAfter'],
  examples: [
    ['tsworker enqueue Hello Ada -queue=greetings', 'args ["Ada"]'],
    [
      `tsworker enqueue Resize '{"id":12345678901234567890}' 0.5 -queue=images`,
      'JSON where it is that; digits stay exact',
    ],
    ['tsworker enqueue Run -queue=low -- --verbose', 'behind -- arguments may begin with a dash'],
    ['tsworker enqueue -file=jobs.ndjson', 'many'],
    ['zcat jobs.gz | tsworker enqueue -file=- -queue=low', 'from a pipe'],
  ],
  notes: `An argument that is JSON is taken as that (12, true, null, [1], "12" with its quotes), any other as text.

Jobs of a file are pushed in batches, each in one atomic step; a batch whose reply is lost is sent again, and enqueued once. \
At the first line that is no job nothing of its batch is enqueued, and the report says with which line to go on.

Exit code: 0 all are enqueued; 1 a line is no job, or Redis refused; 2 wrong usage; 130 interrupted.`,
  load: async () => (await import('./run.js')).enqueue,
});
