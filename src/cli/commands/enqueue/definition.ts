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
    help: "the queue; default the job's own; with -file, for lines without one",
  },
  file: { kind: path, help: 'one job per line: {"class":…,"args":[…],"queue":…}; - for standard input' },
  in: { kind: delay, help: 'delay from now: 90s, 10m, 2h, 3d' },
  at: { kind: time, help: 'at this time: 2026-12-24T18:00' },
  'expires-in': { kind: delay, help: 'do not run it after this time, counted from when it is due' },
  unique: { kind: delay, help: 'only if the same job does not wait or run; for this long at most: 1h' },
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
    [`tsworker enqueue Resize '{"id":12345678901234567890}' 0.5 -queue=images`, 'JSON arguments; digits stay exact'],
    ['tsworker enqueue Run -queue=low -- --verbose', 'after -- arguments may begin with a dash'],
    ['tsworker enqueue Remind 7 -queue=mail -in=10m', 'for later; every worker moves it to its queue when it is due'],
    ['tsworker enqueue Ping -queue=low -expires-in=1m', 'useless after a minute: then it does not run'],
    ['tsworker enqueue Sync 7 -queue=low -unique=1h', 'unless the same job already waits or runs'],
    ['tsworker enqueue -file=jobs.ndjson', 'many'],
    ['zcat jobs.gz | tsworker enqueue -file=- -queue=low', 'from a pipe'],
  ],
  notes: `Without -queue a typed job goes to its own queue, job({ class, queue }), if a job module declares it; job modules are only \
loaded then.

An argument that is valid JSON is JSON (12, true, null, [1], "12" with its quotes), any other is text.

Jobs of a file are pushed in batches, each in one atomic step; a batch whose reply is lost is sent again, and enqueued once. \
If a line is invalid, nothing of its batch is enqueued, and the report says from which line to run again.

Exit code: 0 all are enqueued; 1 a line is invalid, or Redis refused; 2 wrong usage; 130 interrupted.`,
  load: async () => (await import('./run.js')).enqueue,
});
