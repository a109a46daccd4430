/** `tsworker queues pause` and `resume`: set the switch of one queue, and report the resulting state. */
import { didYouMean } from '../../../config/suggest.js';
import { TsworkerError } from '../../../errors.js';
import { findUnpausable } from '../../../inspect/pause.js';
import { pauseQueue, readQueuePauses, resumeQueue } from '../../../inspect/queue-pause.js';
import { type QueueName, queueNameOf, queueNames, queueSize } from '../../../inspect/queues.js';
import { EXIT } from '../../command.js';
import { printLine, say } from '../../io.js';
import { printDocument } from '../../json.js';
import type { Session } from '../../session.js';
import { unpausableText } from '../pause/format.js';
import type { QueuesCall } from './call.js';
import { HEEDED_BY, pausedQueue, pauseEntry } from './pause-format.js';

export async function pauseOne({ io, flags, words }: QueuesCall, session: Session): Promise<number> {
  const { connection, keys } = session;
  const { queue, hint } = await named(session, words[0]);
  const forMs = flags.for;
  if (forMs !== undefined && !(forMs > 0 && forMs <= MOST_MS))
    throw new TsworkerError('USAGE', '-for must be more than 0, and less than 1,000 years', { hint: '-for=30m' });
  const dryRun = flags['dry-run'] === true;
  const before = dryRun
    ? (await readQueuePauses(connection, keys, [queue.bytes]))[0]
    : await pauseQueue(connection, keys, queue.bytes, forMs);
  const ignoredBy = await findUnpausable(connection, keys);
  if (flags.json) {
    const entry = pauseEntry({ leftMs: forMs });
    printDocument(io, { queue: queue.name, ...entry, before: before !== undefined, dryRun, ignoredBy });
  } else {
    const what = pausedQueue(queue.name, { leftMs: forMs });
    printLine(
      io,
      `${dryRun ? 'would pause' : before === undefined ? 'paused' : 'was paused already; now paused:'} ${what}`,
    );
    say(io, `${HEEDED_BY}; running jobs continue; tsworker queues resume ${queue.name} ends it`);
  }
  if (hint !== '') say(io, `warning: there is no queue ${queue.name} yet${hint}`);
  if (ignoredBy.length > 0) say(io, `warning: ${unpausableText(ignoredBy)}`);
  return EXIT.fine;
}

export async function resumeOne({ io, flags, words }: QueuesCall, session: Session): Promise<number> {
  const { connection, keys } = session;
  const { queue } = await named(session, words[0]);
  const dryRun = flags['dry-run'] === true;
  const before = dryRun
    ? (await readQueuePauses(connection, keys, [queue.bytes]))[0] !== undefined
    : await resumeQueue(connection, keys, queue.bytes);
  if (flags.json) printDocument(io, { queue: queue.name, paused: false, before, dryRun });
  else if (!before) printLine(io, `the queue ${queue.name} was not paused`);
  else printLine(io, `${dryRun ? 'would resume' : 'resumed'} the queue ${queue.name}: workers take its jobs`);
  return EXIT.fine;
}

const MOST_MS = 1000 * 365 * 86_400_000;

/** A queue may be paused before it has jobs. `hint`: a remark on an unknown queue, else ''. */
async function named({ connection, keys }: Session, text: string): Promise<{ queue: QueueName; hint: string }> {
  const all = await queueNames(connection, keys);
  const known = all.find(({ name }) => name === text);
  if (known !== undefined) return { queue: known, hint: '' };
  const queue = queueNameOf(Buffer.from(text));
  if ((await queueSize(connection, keys, queue)) > 0) return { queue, hint: '' };
  const guess = didYouMean(
    text,
    all.map(({ name }) => name),
  );
  return { queue, hint: guess === '' ? ': it is paused from its first job on' : guess };
}
