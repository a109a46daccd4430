/** `tsworker delayed`: selects the sub-command; list, count and show. Changes are made by act.ts. */

import { count, counted, time } from '../../../format.js';
import { type DelayedJob, walkDelayed } from '../../../inspect/delayed-items.js';
import { argsText } from '../../../inspect/payload.js';
import { serverTimeMs } from '../../../registry/clock.js';
import { EXIT } from '../../command.js';
import { printLine } from '../../io.js';
import { isoTime, printDocument, printLines, verbatim } from '../../json.js';
import { placeOf, type Session, withRedis } from '../../session.js';
import { type Cell, fields, listed } from '../../table.js';
import { dueText, findOnly, listJobs } from '../waiting-jobs.js';
import { act, repair } from './act.js';
import { type DelayedCall, filterOf } from './filter.js';

const VERBS = { list, count: countAll, show, run: act, move: act, remove: act, repair };

export async function delayed(call: DelayedCall): Promise<number> {
  return await withRedis(call, (session) => VERBS[call.verb as keyof typeof VERBS](call, session));
}

async function list(call: DelayedCall, session: Session): Promise<number> {
  const { io, flags } = call;
  const { connection, keys } = session;
  const now = await serverTimeMs(connection);
  const pages = walkDelayed(connection, keys, filterOf(call));
  const shown = await listJobs(io, pages, { ...flags, asLine, asTable: (jobs) => asTable(jobs, now, io) });
  if (shown === undefined) return EXIT.fine;
  const times = Number(await connection.send(['ZCARD', keys.delayedTimes]));
  if (shown > 0) io.out('\n');
  printLine(io, summary(shown, times, session));
  return EXIT.fine;
}

function summary(shown: number, times: number, session: Session): string {
  if (times === 0) return `no delayed jobs in ${placeOf(session)}`;
  if (shown === 0) return `none of the delayed jobs in ${placeOf(session)}`;
  return `${counted(shown, 'delayed job')}, the next due first; there are jobs for ${counted(times, 'different second')}`;
}

function asLine(job: DelayedJob): unknown {
  const { id, dueAt, queue, class: name, problem } = job;
  const what = problem === undefined ? { class: name } : { class: null, problem };
  return { id, at: isoTime(dueAt), queue, ...what, item: verbatim(job.payload) };
}

const COLUMNS = [
  { head: 'ID', drop: 1 },
  { head: 'DUE IN', align: 'right' },
  { head: 'QUEUE', give: 3, drop: 2 },
  { head: 'CLASS', give: 1, least: 12 },
  { head: 'ARGUMENTS', give: 2, least: 12 },
] as const;

function asTable(jobs: readonly DelayedJob[], now: number, io: DelayedCall['io']): string {
  const rows = jobs.map((job): Cell[] => {
    const what = job.problem === undefined ? job.class : `no job: ${job.problem}`;
    return [job.id.slice(0, 7), dueText(job.dueAt, now), job.queue || '-', what, argsText(job.payload)];
  });
  return listed(COLUMNS, rows, io);
}

async function countAll(call: DelayedCall, { connection, keys }: Session): Promise<number> {
  const { io, flags } = call;
  const now = await serverTimeMs(connection);
  const groups = new Map<string, { class: string; queue: string; jobs: number; first: number; last: number }>();
  for await (const page of walkDelayed(connection, keys, filterOf(call)))
    for (const { class: name, queue, dueAt = 0 } of page) {
      const key = JSON.stringify([name, queue]);
      const group = groups.get(key) ?? { class: name, queue, jobs: 0, first: dueAt, last: dueAt };
      groups.set(key, { ...group, jobs: group.jobs + 1, last: dueAt });
    }
  const all = [...groups.values()].sort((a, b) => b.jobs - a.jobs);
  if (flags.json) {
    await printLines(
      io,
      all.map((group) => ({ ...group, first: isoTime(group.first), last: isoTime(group.last) })),
    );
    return EXIT.fine;
  }
  const rows = all.map(({ class: name, queue, jobs, first: from, last }) => {
    return [count(jobs), name || '-', queue || '-', dueText(from, now), dueText(last, now)];
  });
  if (rows.length > 0) io.out(`${listed(COUNT_COLUMNS, rows, io)}\n`);
  printLine(
    io,
    counted(
      all.reduce((sum, { jobs }) => sum + jobs, 0),
      'delayed job',
    ),
  );
  return EXIT.fine;
}

const COUNT_COLUMNS = [
  { head: 'JOBS', align: 'right' },
  { head: 'CLASS', give: 1 },
  { head: 'QUEUE', give: 2 },
  { head: 'FIRST IN', align: 'right' },
  { head: 'LAST IN', align: 'right' },
] as const;

async function show(call: DelayedCall, session: Session): Promise<number> {
  const { io, flags, words } = call;
  const pages = walkDelayed(session.connection, session.keys, filterOf(call));
  const job = await findOnly(io, pages, words[0], 'no delayed job');
  if (job === undefined) return EXIT.problem;
  if (flags.json) printDocument(io, asLine(job));
  else {
    const now = await serverTimeMs(session.connection);
    const due = job.dueAt === undefined ? job.time : `${time(job.dueAt)} (in ${dueText(job.dueAt, now)})`;
    const pairs = [
      ['id', job.id],
      ['due', due],
      ['class', job.class || '-'],
      ['arguments', argsText(job.payload)],
      ['queue', job.queue || '-'],
      ...(job.problem === undefined ? [] : [['problem', job.problem]]),
      ['item', job.payload],
    ];
    io.out(fields(pairs, io));
  }
  return EXIT.fine;
}
