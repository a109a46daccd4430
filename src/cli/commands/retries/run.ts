/** `tsworker retries`: selects the sub-command; list and show. Changes are made by act.ts. */
import { counted, time } from '../../../format.js';
import { argsText } from '../../../inspect/payload.js';
import { type RetryJob, totalRetries, walkRetries } from '../../../inspect/retries.js';
import { serverTimeMs } from '../../../registry/clock.js';
import { EXIT } from '../../command.js';
import { printLine } from '../../io.js';
import { isoTime, printDocument, verbatim } from '../../json.js';
import { placeOf, type Session, withRedis } from '../../session.js';
import { type Cell, fields, listed } from '../../table.js';
import { dueText, findOnly, listJobs } from '../waiting-jobs.js';
import { act } from './act.js';
import { filterOf, type RetriesCall } from './filter.js';

const VERBS = { list, show, run: act, fail: act, remove: act };

export async function retries(call: RetriesCall): Promise<number> {
  return await withRedis(call, (session) => VERBS[call.verb as keyof typeof VERBS](call, session));
}

async function list(call: RetriesCall, session: Session): Promise<number> {
  const { io, flags } = call;
  const { connection, keys } = session;
  const now = await serverTimeMs(connection);
  const pages = walkRetries(connection, keys, filterOf(call));
  const shown = await listJobs(io, pages, { ...flags, asLine, asTable: (jobs) => asTable(jobs, now, io) });
  if (shown === undefined) return EXIT.fine;
  const all = await totalRetries(connection, keys);
  if (shown > 0) io.out('\n');
  printLine(io, summary(shown, all, session));
  return EXIT.fine;
}

function summary(shown: number, all: number, session: Session): string {
  if (all === 0) return `no jobs wait to run again in ${placeOf(session)}`;
  if (shown === 0) return `none of the ${counted(all, 'job')} that wait to run again in ${placeOf(session)}`;
  return `${shown < all ? `${shown} of ` : ''}${counted(all, 'job')} to run again, by queue, the next due first`;
}

function asLine(job: RetryJob): unknown {
  const { id, dueAt, queue, class: name, problem, state } = job;
  const what = problem === undefined ? { class: name } : { class: null, problem };
  const { attempt, firstFailedAt = null, errors = [] } = state ?? {};
  return {
    ...{ id, at: isoTime(dueAt), queue, ...what, attempt: attempt ?? null },
    ...{ firstFailedAt, errors, payload: verbatim(job.payload) },
  };
}

const COLUMNS = [
  { head: 'ID', drop: 1 },
  { head: 'DUE IN', align: 'right' },
  { head: 'QUEUE', give: 4, drop: 2 },
  { head: 'CLASS', give: 1, least: 12 },
  { head: 'RUN', align: 'right' },
  { head: 'ARGUMENTS', give: 3, least: 12 },
  { head: 'LAST ERROR', give: 2, least: 12 },
] as const;

function asTable(jobs: readonly RetryJob[], now: number, io: RetriesCall['io']): string {
  const rows = jobs.map((job): Cell[] => {
    const what = job.problem === undefined ? job.class : `no job: ${job.problem}`;
    const { attempt, errors = [] } = job.state ?? {};
    const due = dueText(job.dueAt, now);
    const seen = [job.id.slice(0, 7), due, job.queue, what, String(attempt ?? '-')];
    return [...seen, argsText(job.payload), errors.at(-1)?.error ?? '-'];
  });
  return listed(COLUMNS, rows, io);
}

async function show(call: RetriesCall, session: Session): Promise<number> {
  const { io, flags, words } = call;
  const pages = walkRetries(session.connection, session.keys, filterOf(call));
  const job = await findOnly(io, pages, words[0], 'no job that is to run again');
  if (job === undefined) return EXIT.problem;
  if (flags.json) {
    printDocument(io, asLine(job));
    return EXIT.fine;
  }
  const now = await serverTimeMs(session.connection);
  const failures = (job.state?.errors ?? []).map(({ at, error, worker }) => ['failed', `${at} ${error} (${worker})`]);
  const pairs = [
    ['id', job.id],
    ['due', `${time(job.dueAt)} (in ${dueText(job.dueAt, now)})`],
    ['class', job.class || '-'],
    ['arguments', argsText(job.payload)],
    ['queue', job.queue],
    ['run', String(job.state?.attempt ?? '-')],
    ...failures,
    ...(job.problem === undefined ? [] : [['problem', job.problem]]),
    ['payload', job.payload],
  ];
  io.out(fields(pairs, io));
  return EXIT.fine;
}
