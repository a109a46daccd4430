/** `tsworker schedule`: selects the sub-command; list and show. Changes are made by act.ts. */
import { counted, duration, time } from '../../../format.js';
import { argsText } from '../../../inspect/payload.js';
import { nextTicks, type RecurringJob, type RecurringJobs, readRecurring } from '../../../inspect/schedules.js';
import { EXIT } from '../../command.js';
import { printLine, say } from '../../io.js';
import { isoTime, printDocument, printLines } from '../../json.js';
import { placeOf, type Session, withRedis } from '../../session.js';
import { fields, listed } from '../../table.js';
import { importDynamic, pause, resume, run } from './act.js';
import { type ScheduleCall, unknownName } from './select.js';

const VERBS = { list, show, run, pause, resume, import: importDynamic };

export async function schedule(call: ScheduleCall): Promise<number> {
  return await withRedis(call, (session) => VERBS[call.verb as keyof typeof VERBS](call, session));
}

async function list({ io, flags }: ScheduleCall, session: Session): Promise<number> {
  const found = await readRecurring(session.connection, session.keys);
  if (flags.json) {
    await printLines(io, found.jobs.map(asLine));
    return EXIT.fine;
  }
  if (found.jobs.length > 0)
    io.out(
      `${listed(
        COLUMNS,
        found.jobs.map((job) => asRow(job, found.at)),
        io,
      )}\n`,
    );
  printLine(io, summary(found, session));
  for (const problem of found.problems) say(io, `cannot be enqueued: ${problem}`);
  return EXIT.fine;
}

function summary({ jobs, dynamicLeft }: RecurringJobs, session: Session): string {
  const paused = jobs.filter((job) => job.paused).length;
  const what =
    jobs.length === 0
      ? `no recurring jobs in ${placeOf(session)}`
      : `${counted(jobs.length, 'recurring job')}, the next due first${paused > 0 ? `; ${paused} paused` : ''}`;
  if (dynamicLeft === 0) return what;
  return `${what}; ${counted(dynamicLeft, 'entry', 'entries')} of Ruby programs left alone (-dynamic-schedule)`;
}

const COLUMNS = [
  { head: 'NAME', give: 1, least: 12 },
  { head: 'NEXT IN', align: 'right' },
  { head: 'LAST', align: 'right' },
  { head: 'BY', give: 4, drop: 1 },
  { head: 'TIMING', give: 3, drop: 2 },
  { head: 'CLASS', give: 2, least: 12 },
  { head: 'QUEUE', give: 3, drop: 3 },
] as const;

function asRow({ entry, nextAt, lastAt, by, paused, timing }: RecurringJob, at: number): string[] {
  const next = paused ? 'paused' : nextAt === undefined ? 'never' : duration(nextAt - at);
  const last = lastAt === undefined ? '-' : `${duration(at - lastAt)} ago`;
  return [entry.name, next, last, by || '-', timing, entry.class, entry.queue];
}

function asLine({ entry, app, nextAt, lastAt, by, paused, timing }: RecurringJob): Readonly<Record<string, unknown>> {
  const { name, class: className, queue, missed, overlap, jitterMs, expiresInMs, description, ruby, origin } = entry;
  return {
    ...{ name, class: className, queue, timing, next: isoTime(nextAt), last: isoTime(lastAt), by: by || null, paused },
    ...{ missed, overlap, jitter: jitterMs / 1000, expiresIn: expiresInMs === undefined ? null : expiresInMs / 1000 },
    ...{ description: description ?? null, ruby, app: app || null, origin, payload: entry.payload },
  };
}

async function show({ io, flags, words }: ScheduleCall, session: Session): Promise<number> {
  const { at, jobs } = await readRecurring(session.connection, session.keys);
  const job = jobs.find(({ entry }) => entry.name === words[0]);
  if (job === undefined) return unknownName(io, words[0], jobs);
  const times = nextTicks(job.entry, at, 5);
  if (flags.json) {
    printDocument(io, { ...asLine(job), times: times.map(isoTime) });
    return EXIT.fine;
  }
  const { entry } = job;
  const pairs = [
    ['name', entry.name],
    ...(entry.description === undefined ? [] : [['description', entry.description]]),
    ['timing', `${job.timing}${entry.jitterMs > 0 ? `, up to ${duration(entry.jitterMs)} later` : ''}`],
    ['next', nextText(job, at)],
    ['last', job.lastAt === undefined ? '-' : `${time(job.lastAt)}${job.by === '' ? '' : ` by ${job.by}`}`],
    ['class', entry.class],
    ['arguments', argsText(entry.payload)],
    ['queue', entry.queue],
    ['missed', entry.missed],
    ['overlap', entry.overlap],
    ['from', job.app === '' ? entry.origin : `${entry.origin}, published by ${job.app}`],
    ['times', times.map(time).join(', ') || 'none'],
  ];
  io.out(fields(pairs, io));
  return EXIT.fine;
}

function nextText({ paused, nextAt }: RecurringJob, at: number): string {
  if (paused) return 'paused; tsworker schedule resume goes on';
  return nextAt === undefined ? 'never' : `${time(nextAt)} (in ${duration(nextAt - at)})`;
}
