/** The definition of `tsworker enqueue`. */
import { type Kind, stream, text } from '../../../config/value-parsers.js';
import { TsworkerError } from '../../../errors.js';
import { COMMON, CONNECTION_SETTINGS, defineCommand } from '../../command.js';
import { delay, time } from '../delayed/value-parsers.js';

const name: Kind<string> = {
  ...text('name', (value) => {
    if (value.trim() === '') throw new TsworkerError('USAGE', 'must be the name of a queue');
  }),
  names: 'queue',
};
const path: Kind<string> = {
  ...stream,
  parse: (value, reading) => (value === '-' ? '-' : stream.parse(value, reading)),
};

const FLAGS = {
  queue: {
    kind: name,
    help: "which queue, if not the job's own; with -file, for lines that name none",
  },
  file: { kind: path, help: 'one job a line: {"class":…,"args":[…],"queue":…}; - for standard input' },
  in: { kind: delay, help: 'so long from now: 90s, 10m, 2h, 3d' },
  at: { kind: time, help: 'at that time: 2026-12-24T18:00' },
  'expires-in': { kind: delay, help: 'not to be run any more after so long, counted from when it is due' },
  unique: { kind: delay, help: 'not while the same job waits or runs, for so long at most: 1h' },
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
  settings: [...CONNECTION_SETTINGS, 'pruneAfter', 'jobs'],
  examples: [
    ['tsworker enqueue Hello Ada -queue=greetings', 'args ["Ada"]'],
    [
      `tsworker enqueue Resize '{"id":12345678901234567890}' 0.5 -queue=images`,
      'JSON where it is that; digits stay exact',
    ],
    ['tsworker enqueue Run -queue=low -- --verbose', 'behind -- arguments may begin with a dash'],
    ['tsworker enqueue Remind 7 -queue=mail -in=10m', 'for later; every worker moves it to its queue when it is due'],
    ['tsworker enqueue Ping -queue=low -expires-in=1m', 'of no use after a minute: then it is not run'],
    ['tsworker enqueue Sync 7 -queue=low -unique=1h', 'unless the same job waits or runs already'],
    ['tsworker enqueue -file=jobs.ndjson', 'many'],
    ['zcat jobs.gz | tsworker enqueue -file=- -queue=low', 'from a pipe'],
  ],
  notes: `Without -queue a typed job goes to its own queue, job({ class, queue }), where a job module declares it: only then are job \
modules loaded.

An argument that is JSON is taken as that (12, true, null, [1], "12" with its quotes), any other as text.

Jobs of a file are pushed in batches, each in one atomic step; a batch whose reply is lost is sent again, and enqueued once. \
At the first line that is no job nothing of its batch is enqueued, and the report says from which line to run again.

Exit code: 0 all are enqueued; 1 a line is no job, or Redis refused; 2 wrong usage; 130 interrupted.`,
  load: async () => (await import('./run.js')).enqueue,
});
