/** `tsworker retries`: selects the sub-command; list and show. Changes are made by act.ts. */
import { counted, time } from '../../../format.js';
import { batches } from '../../../inspect/batch.js';
import { argsText } from '../../../inspect/payload.js';
import { type RetryJob, totalRetries, walkRetries } from '../../../inspect/retries.js';
import { serverTimeMs } from '../../../registry/clock.js';
import { EXIT } from '../../command.js';
import { printLine, say } from '../../io.js';
import { isoTime, printDocument, printLines, verbatim } from '../../json.js';
import { placeOf, type Session, withRedis } from '../../session.js';
import { type Cell, fields, listed } from '../../table.js';
import { dueText } from '../delayed/run.js';
import { act } from './act.js';
import { filterOf, type RetriesCall } from './filter.js';

const VERBS = { list, show, run: act, fail: act, remove: act };

export async function retries(call: RetriesCall): Promise<number> {
  return await withRedis(call, (session) => VERBS[call.verb as keyof typeof VERBS](call, session));
}

const DEFAULT_COUNT = 20;
const TABLE_ROWS = 500;

async function list(call: RetriesCall, session: Session): Promise<number> {
  const { io, flags } = call;
  const now = await serverTimeMs(session.connection);
  let shown = 0;
  for await (const jobs of batches(first(call, session, flags.count ?? DEFAULT_COUNT), TABLE_ROWS)) {
    shown += jobs.length;
    const going = flags.json ? await printLines(io, jobs.map(asLine)) : await io.print(asTable(jobs, now, io));
    if (!going) return EXIT.fine;
  }
  if (flags.json) return EXIT.fine;
  const all = await totalRetries(session.connection, session.keys);
  if (shown > 0) io.out('\n');
  printLine(io, summary(shown, all, session));
  return EXIT.fine;
}

function summary(shown: number, all: number, session: Session): string {
  if (all === 0) return `no jobs wait to run again in ${placeOf(session)}`;
  if (shown === 0) return `none of the ${counted(all, 'job')} that wait to run again in ${placeOf(session)}`;
  return `${shown < all ? `${shown} of ` : ''}${counted(all, 'job')} to run again, by queue, the next due first`;
}

async function* first(call: RetriesCall, { connection, keys }: Session, most: number): AsyncGenerator<RetryJob> {
  let left = most;
  for await (const page of walkRetries(connection, keys, filterOf(call)))
    for (const job of page) {
      yield job;
      if (--left === 0) return;
    }
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
  const found: RetryJob[] = [];
  for await (const page of walkRetries(session.connection, session.keys, filterOf(call))) found.push(...page);
  if (found.length !== 1) {
    const none = `no job that is to run again has the id ${words[0]}`;
    say(io, found.length === 0 ? none : `${found.length} ids begin with ${words[0]}`);
    return EXIT.problem;
  }
  const [job] = found;
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
