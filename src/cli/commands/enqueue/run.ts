/** `tsworker enqueue`: one job from the command line, or many from a file. The push is in resque/batch-pusher.ts. */
import { TsworkerError } from '../../../errors.js';
import { time as formatTime } from '../../../format.js';
import { BatchPusher } from '../../../resque/batch-pusher.js';
import { delayJobs } from '../../../resque/delayed.js';
import type { Due } from '../../../resque/due.js';
import { checkExpiresIn, expiriesOf } from '../../../resque/expiry.js';
import { argText, asExpiring, asUnique, payloadOf, type ReadyJob } from '../../../resque/payload-text.js';
import { uniqueFor } from '../../../resque/unique.js';
import { EXIT } from '../../command.js';
import { printLine } from '../../io.js';
import { isoTime, printDocument } from '../../json.js';
import { keepSmall } from '../../memory.js';
import { type Session, withRedis } from '../../session.js';
import { declaredJob } from './declared-job.js';
import { enqueueFile } from './file.js';
import { type EnqueueCall, EnqueueCounts, KEPT, report } from './report.js';
import { warnOfIdle } from './served.js';

export async function enqueue(call: EnqueueCall): Promise<number> {
  const { words, flags } = call;
  if (flags.file !== undefined) {
    if (words.length > 0)
      throw usage(`-file and ${words[0]} are too much`, 'either a class with its arguments, or -file');
    if (flags.in !== undefined || flags.at !== undefined)
      throw usage(
        '-in and -at take one job, not a file',
        'enqueue the jobs one by one, or with enqueueIn() in a program',
      );
    if (flags['expires-in'] !== undefined)
      throw usage('-expires-in takes one job, not a file', 'enqueue() in a program takes expiresIn for each job');
    keepSmall();
    return await enqueueFile(call, flags.file);
  }
  return await enqueueOne(call, await jobOf(call));
}

function dueOf({ flags }: EnqueueCall): Due | undefined {
  if (flags.in !== undefined && flags.at !== undefined) throw usage('either -in or -at, not both', '-in=10m');
  if (flags.at !== undefined) return { at: new Date(flags.at) };
  return flags.in === undefined ? undefined : { inMs: flags.in };
}

async function delayOne({ io, flags }: EnqueueCall, { connection, keys }: Session, job: ReadyJob & { due: Due }) {
  const [{ status, at }] = await delayJobs(connection, keys, [job]);
  const seconds = at === undefined ? null : isoTime(at.getTime());
  const kept = status === 'kept';
  if (flags.json) printDocument(io, { enqueued: kept ? 0 : 1, kept: kept ? 1 : 0, queue: job.queue, at: seconds });
  else if (kept) printLine(io, KEPT);
  else if (at === undefined) printLine(io, `1 job enqueued in ${job.queue}: it was due already`);
  else printLine(io, `1 job delayed until ${formatTime(at.getTime())}, then in ${job.queue}`);
  return EXIT.fine;
}

async function jobOf(call: EnqueueCall): Promise<ReadyJob> {
  const [name, ...args] = call.words;
  if (!name) throw usage('missing class', 'tsworker enqueue Hello Ada -queue=greetings, or -file=jobs.ndjson');
  const declared = call.flags.queue === undefined ? await declaredJob(call.sources, name) : undefined;
  const queue = call.flags.queue ?? declared?.queue;
  if (queue === undefined)
    throw usage(
      `missing -queue: which queue should ${name} go to?`,
      `give -queue=name, or declare it in a job module: job({ class: '${name}', queue: 'name', … })`,
    );
  const job = { queue, payload: payloadOf(name, args.map(argText)) };
  const policy = call.flags.unique === undefined ? declared?.unique : uniqueFor(call.flags.unique / 1000);
  return policy === undefined ? job : asUnique(job, policy);
}

function usage(message: string, hint: string): TsworkerError {
  return new TsworkerError('USAGE', message, { hint });
}

async function enqueueOne(call: EnqueueCall, job: ReadyJob): Promise<number> {
  const counts = new EnqueueCounts();
  if (call.flags['dry-run']) {
    counts.add([job], [{ status: 'enqueued' }]);
    return report(call, counts, EXIT.fine);
  }
  const due = dueOf(call);
  const expiresIn = call.flags['expires-in'] && call.flags['expires-in'] / 1000;
  checkExpiresIn(expiresIn, 'enqueue');
  return await withRedis(call, async (session) => {
    const [expiresAt] = await expiriesOf(session.connection, [{ expiresIn, due }]);
    const ready = asExpiring(job, expiresAt);
    if (due !== undefined) return await delayOne(call, session, { ...ready, due });
    const pusher = new BatchPusher(session.connection, session.keys);
    counts.add([ready], await pusher.push([ready]));
    await pusher.end();
    await warnOfIdle(call, session, counts);
    return report(call, counts, EXIT.fine);
  });
}
