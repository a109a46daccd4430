/** `tsworker queues`: lists and shows queues, removes one, releases quarantines. Queues in Redis: inspect/queues.ts. */

import { isUtf8 } from 'node:buffer';
import { count, counted, duration } from '../../../format.js';
import { argsText } from '../../../inspect/payload.js';
import { listQuarantined, releaseQuarantined } from '../../../inspect/quarantine.js';
import { walkQueued } from '../../../inspect/queued.js';
import { listQueues, peekQueue, type QueuedJob, type QueueSeen } from '../../../inspect/queues.js';
import { removeQueue } from '../../../inspect/remove-queue.js';
import { serverTimeMs } from '../../../registry/clock.js';
import { EXIT } from '../../command.js';
import { confirm } from '../../confirm.js';
import { printLine } from '../../io.js';
import { isoTime, printDocument, printLines, verbatim } from '../../json.js';
import { placeOf, type Session, withRedis } from '../../session.js';
import { styleOf } from '../../style.js';
import { type Cell, listed } from '../../table.js';
import { findQueue, type QueuesCall } from './call.js';
import { filterOf, isFiltered } from './filter.js';
import { pauseOne, resumeOne } from './pause.js';
import { pauseEntry, pauseText } from './pause-format.js';
import { move, purge } from './take.js';

const VERBS = { list, peek, pause: pauseOne, resume: resumeOne, move, purge, remove, release };

export async function queues(call: QueuesCall): Promise<number> {
  return await withRedis(call, (session) => VERBS[call.verb as keyof typeof VERBS](call, session));
}

async function list({ io, flags }: QueuesCall, session: Session): Promise<number> {
  const { connection, keys } = session;
  const now = await serverTimeMs(connection);
  const all = await listQueues(connection, keys);
  if (flags.json) {
    await printLines(
      io,
      all.map(({ name, size = null, headAt, quarantined, pause }) => {
        return { name, size, headAt: isoTime(headAt), quarantined, ...pauseEntry(pause) };
      }),
    );
    return EXIT.fine;
  }
  if (all.length === 0) printLine(io, `no queue was ever used in ${placeOf(session)}`);
  else io.out(queueTable(all, now, io));
  return EXIT.fine;
}

const COLUMNS = [
  { head: 'QUEUE', give: 1 },
  { head: 'JOBS', align: 'right' },
  { head: 'HEAD WAITS', align: 'right' },
] as const;

/** The last columns are only shown if something is in quarantine, or paused. */
function queueTable(all: readonly QueueSeen[], now: number, io: QueuesCall['io']): string {
  const some = all.some(({ quarantined }) => quarantined > 0);
  const paused = all.some(({ pause }) => pause !== undefined);
  const columns = [
    ...COLUMNS,
    ...(some ? [{ head: 'QUARANTINED', align: 'right' } as const] : []),
    ...(paused ? [{ head: 'PAUSED' } as const] : []),
  ];
  const rows = all.map(({ name, size, headAt, quarantined, pause }): Cell[] => [
    ...[name, sizeText(size), age(headAt, now)],
    ...(some ? [count(quarantined)] : []),
    ...(paused ? [pauseText(pause)] : []),
  ]);
  return listed(columns, rows, io);
}

/** A queue's size; its key may be of another type. */
export function sizeText(size: number | undefined): string {
  return size === undefined ? 'not a list' : count(size);
}

function age(at: number | undefined, now: number): string {
  return at === undefined ? '-' : duration(now - at);
}

async function peek({ io, flags, words }: QueuesCall, session: Session): Promise<number> {
  const { connection, keys } = session;
  const from = flags.from ?? 0;
  const { queue, size } = await findQueue(session, words[0]);
  const now = await serverTimeMs(connection);
  let shown = 0;
  const filter = filterOf(flags);
  const count = flags.count ?? DEFAULT_COUNT;
  const pages = isFiltered(filter)
    ? firstOf(walkQueued(connection, keys, queue, { filter, from }), count)
    : peekQueue(connection, keys, queue, { from, count });
  for await (const jobs of pages) {
    const going = flags.json ? await printLines(io, jobs.map(asLine)) : await io.print(asTable(jobs, now, io));
    shown += jobs.length;
    if (!going) return EXIT.fine;
  }
  // A blank line below the table.
  if (!flags.json && shown > 0) io.out('\n');
  if (!flags.json) printLine(io, peeked(queue.name, size, { from, shown, filtered: isFiltered(filter) }));
  return EXIT.fine;
}

function asLine({ index, class: name, enqueuedAt, problem, payload, bytes }: QueuedJob): unknown {
  const what = problem === undefined ? { class: name } : { class: name === '' ? null : name, problem };
  const raw = isUtf8(bytes) ? {} : { payloadBase64: bytes.toString('base64') };
  return { index, ...what, enqueuedAt: isoTime(enqueuedAt), payload: verbatim(payload), ...raw };
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

const DEFAULT_COUNT = 10;

async function* firstOf(pages: AsyncIterable<readonly QueuedJob[]>, most: number): AsyncGenerator<QueuedJob[]> {
  let left = most;
  for await (const page of pages) {
    yield page.slice(0, left);
    left -= page.length;
    if (left <= 0) return;
  }
}

interface Peeked {
  readonly from: number;
  readonly shown: number;
  readonly filtered: boolean;
}

function peeked(queue: string, size: number, { from, shown, filtered }: Peeked): string {
  if (size === 0) return `the queue ${queue} is empty`;
  if (filtered && shown === 0) return `none of the ${counted(size, 'job')} in ${queue} matches`;
  if (shown === 0) return `the queue ${queue} has ${counted(size, 'job')}: none at ${count(from)} or behind it`;
  const more = shown < size ? '; -count and -from show others' : '';
  return `${count(shown)} of ${counted(size, 'job')} in ${queue}${more}`;
}

async function remove({ io, flags, words }: QueuesCall, session: Session): Promise<number> {
  const { connection, keys } = session;
  const { queue, size } = await findQueue(session, words[0]);
  const question = `remove the queue ${queue.name} with ${counted(size, 'job')} from ${placeOf(session)}`;
  if (!(await confirm(io, question, flags.yes))) {
    io.err('nothing was removed\n');
    return EXIT.problem;
  }
  const removed = await removeQueue(connection, keys, queue);
  if (flags.json) printDocument(io, { queue: queue.name, removed });
  else printLine(io, `removed the queue ${queue.name}; ${counted(removed, 'job')} went with it`);
  return EXIT.fine;
}

async function release({ io, flags, words }: QueuesCall, session: Session): Promise<number> {
  const { connection, keys } = session;
  const [queue] = words;
  const dryRun = flags['dry-run'] === true;
  const waiting = await listQuarantined(connection, keys);
  if (!waiting.has(queue)) await findQueue(session, queue);
  const released = dryRun ? (waiting.get(queue) ?? 0) : await releaseQuarantined(connection, keys, queue);
  if (flags.json) printDocument(io, { queue, released, dryRun });
  else if (released === 0) printLine(io, `the quarantine of the queue ${queue} is empty`);
  else
    printLine(
      io,
      `${dryRun ? 'would release' : 'released'} ${counted(released, 'job')} to the head of the queue ${queue}`,
    );
  return EXIT.fine;
}
