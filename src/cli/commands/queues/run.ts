/** `tsworker queues`: lists, looks into, removes. What a queue is in Redis is inspect/queues.ts. */

import { didYouMean } from '../../../config/suggest.js';
import { TsworkerError } from '../../../errors.js';
import { argsText } from '../../../inspect/payload.js';
import { listQueues, peekQueue, type QueuedJob, queueNames, queueSize, removeQueue } from '../../../inspect/queues.js';
import { serverTimeMs } from '../../../registry/clock.js';
import { type Call, EXIT } from '../../command.js';
import { confirm } from '../../confirm.js';
import { count, counted, duration } from '../../format.js';
import { printLine } from '../../io.js';
import { isoTime, printDocument, printLines, verbatim } from '../../json.js';
import { placeOf, type Session, withRedis } from '../../session.js';
import { styleOf } from '../../style.js';
import { type Cell, listed } from '../../table.js';
import type { QueuesFlags } from './definition.js';

type QueuesCall = Call<QueuesFlags>;

export async function queues(call: QueuesCall): Promise<number> {
  const run = { list, peek, remove }[call.verb as 'list' | 'peek' | 'remove'];
  return await withRedis(call, (session) => run(call, session));
}

async function list({ io, flags }: QueuesCall, session: Session): Promise<number> {
  const { connection, keys } = session;
  const now = await serverTimeMs(connection);
  const all = await listQueues(connection, keys);
  if (flags.json) {
    await printLines(
      io,
      all.map(({ name, size = null, headAt }) => ({ name, size, headAt: isoTime(headAt) })),
    );
    return EXIT.fine;
  }
  if (all.length === 0) printLine(io, `no queue was ever used in ${placeOf(session)}`);
  else
    io.out(
      listed(
        COLUMNS,
        all.map((queue) => [queue.name, sizeText(queue.size), age(queue.headAt, now)]),
        io,
      ),
    );
  return EXIT.fine;
}

const COLUMNS = [
  { head: 'QUEUE', give: 1 },
  { head: 'JOBS', align: 'right' },
  { head: 'HEAD WAITS', align: 'right' },
] as const;

/** A queue's size; its key may be of another type. */
export function sizeText(size: number | undefined): string {
  return size === undefined ? 'not a list' : count(size);
}

function age(at: number | undefined, now: number): string {
  return at === undefined ? '-' : duration(now - at);
}

async function peek({ io, flags, words }: QueuesCall, session: Session): Promise<number> {
  const { connection, keys } = session;
  const [queue] = words;
  const from = flags.from ?? 0;
  const size = await sizeOf(session, queue);
  const now = await serverTimeMs(connection);
  let shown = 0;
  for await (const jobs of peekQueue(connection, keys, queue, { from, count: flags.count ?? 10 })) {
    const going = flags.json ? await printLines(io, jobs.map(asLine)) : await io.print(asTable(jobs, now, io));
    shown += jobs.length;
    if (!going) return EXIT.fine;
  }
  // A blank line below the table.
  if (!flags.json && shown > 0) io.out('\n');
  if (!flags.json) printLine(io, peeked(queue, size, from, shown));
  return EXIT.fine;
}

function asLine({ index, class: name, enqueuedAt, problem, payload }: QueuedJob): unknown {
  const what = problem === undefined ? { class: name } : { class: null, problem };
  return { index, ...what, enqueuedAt: isoTime(enqueuedAt), payload: verbatim(payload) };
}

function asTable(jobs: readonly QueuedJob[], now: number, io: QueuesCall['io']): string {
  const { red } = styleOf(io);
  const columns = [
    { head: '#', align: 'right' },
    { head: 'CLASS', give: 1 },
    { head: 'ARGUMENTS', give: 2 },
    { head: 'WAITS', align: 'right' },
  ] as const;
  const rows = jobs.map(({ index, class: name, problem, payload, enqueuedAt }): Cell[] => {
    const what = problem === undefined ? name : { text: `no job: ${problem}`, paint: red };
    return [String(index), what, argsText(payload), age(enqueuedAt, now)];
  });
  return listed(columns, rows, io);
}

function peeked(queue: string, size: number, from: number, shown: number): string {
  if (size === 0) return `the queue ${queue} is empty`;
  if (shown === 0) return `the queue ${queue} has ${counted(size, 'job')}: none at ${count(from)} or behind it`;
  const more = shown < size ? '; -count and -from show others' : '';
  return `${count(shown)} of ${counted(size, 'job')} in ${queue}${more}`;
}

async function remove({ io, flags, words }: QueuesCall, session: Session): Promise<number> {
  const { connection, keys } = session;
  const [queue] = words;
  const size = await sizeOf(session, queue);
  const question = `remove the queue ${queue} with ${counted(size, 'job')} from ${placeOf(session)}`;
  if (!(await confirm(io, question, flags.yes))) {
    io.err('nothing was removed\n');
    return EXIT.problem;
  }
  const removed = await removeQueue(connection, keys, queue);
  if (flags.json) printDocument(io, { queue, removed });
  else printLine(io, `removed the queue ${queue}; ${counted(removed, 'job')} went with it`);
  return EXIT.fine;
}

/** @throws TsworkerError STATE where there is no such queue */
async function sizeOf(session: Session, queue: string): Promise<number> {
  const { connection, keys } = session;
  // The list may be there without the set of queues: goworker pushes first.
  const size = await queueSize(connection, keys, queue);
  if (size > 0) return size;
  const names = await queueNames(connection, keys);
  if (names.includes(queue)) return 0;
  const hint = didYouMean(queue, names).replace('; ', '') || 'tsworker queues lists them';
  throw new TsworkerError('STATE', `there is no queue ${queue} in ${placeOf(session)}`, { hint });
}
