/** `tsworker status` for people: a few lines of figures, then the lists that are not empty. Pure. */
import type { Overview } from '../../../inspect/overview.js';
import { argsText } from '../../../inspect/payload.js';
import type { Column } from '../../columns.js';
import { count, counted, duration, rate } from '../../format.js';
import type { Io } from '../../io.js';
import type { Session } from '../../session.js';
import { styleOf } from '../../style.js';
import { type Cell, fields, listed } from '../../table.js';
import type { Rates } from './rates.js';

export interface StatusView extends Pick<Session, 'uri' | 'settings'> {
  /** Lines of each list at most. */
  readonly show: Shares;
  readonly rates?: Rates | undefined;
}

/** Of the lists, in the order in which they are shown. */
export type Shares = Readonly<Record<'queues' | 'hosts' | 'running' | 'failures', number>>;

export function sameShare(lines: number): Shares {
  return { queues: lines, hosts: lines, running: lines, failures: lines };
}

/** Rows that each list has. */
export function rowsOf({ queues, hosts, running, failures }: Overview): Shares {
  return { queues: queues.length, hosts: hosts.length, running: running.length, failures: failures.groups.length };
}

export function statusText(overview: Overview, view: StatusView, io: Io): string {
  const lists = [queueList, hostList, runningList, failureList].map((list) => list(overview, view, io));
  return [headText(overview, view, io), ...lists.filter((list) => list !== '')].join('\n');
}

function headText(overview: Overview, { uri, settings, rates }: StatusView, io: Io): string {
  const { stats, workers, queues, failures } = overview;
  const { total, working, lost, unknown } = workers;
  const waiting = queues.reduce((sum, { size = 0 }) => sum + size, 0);
  const perSecond = (number: number | undefined) => (number === undefined ? '' : ` (${rate(number)}/s)`);
  const processed = `${count(stats.processed)} processed${perSecond(rates?.processed)}`;
  const failed = `${count(stats.failed)} failed${perSecond(rates?.failed)}, ${count(failures.total)} of them in the failed list`;
  const pairs = [
    ['redis', `${uri}, namespace ${settings.namespace}`],
    ['paused', pauseText(overview)],
    ['jobs', `${processed}; ${failed}`],
    ['waiting', `${counted(waiting, 'job')} in ${counted(queues.length, 'queue')}${delayedText(overview)}`],
    [
      'workers',
      `${count(total)}: ${count(working)} working, ${count(total - working - lost)} idle, ${count(lost)} lost${unknownText(unknown)}`,
    ],
  ];
  return fields(pairs, io);
}

/** goworker beats once, when it starts. */
function unknownText(unknown: number): string {
  return unknown === 0 ? '' : `; ${count(unknown)} of goworker: ${unknown === 1 ? 'shows' : 'show'} no sign of life`;
}

function pauseText({ pause: { paused, text } }: Overview): string {
  if (paused) return 'YES: workers take no new jobs; tsworker resume ends it';
  return text === '' ? 'no' : `no: pause-all-workers is ${JSON.stringify(text)}, and only "true" pauses`;
}

function delayedText({ delayed, at }: Overview): string {
  if (delayed === undefined) return '';
  const jobs = delayed.jobs === undefined ? `jobs for ${counted(delayed.times, 'time')}` : counted(delayed.jobs, 'job');
  const due = delayed.nextAt === undefined ? undefined : delayed.nextAt - at;
  if (due === undefined) return `; ${jobs} delayed`;
  return `; ${jobs} delayed, the first ${due > 0 ? `due in ${duration(due)}` : `overdue for ${duration(-due)}`}`;
}

function queueList({ queues, at }: Overview, { show, rates }: StatusView, io: Io): string {
  const { red, dim } = styleOf(io);
  const columns: Column[] = [{ head: 'QUEUE', give: 1 }, right('JOBS'), right('HEAD WAITS'), right('WORKERS')];
  if (rates !== undefined) columns.splice(2, 0, right('GROWTH'));
  const largest = [...queues].sort((a, b) => (b.size ?? 0) - (a.size ?? 0)).slice(0, show.queues);
  const shown = new Set(largest);
  const rows = queues
    .filter((queue) => shown.has(queue))
    .map(({ name, size, headAt, workers }): Cell[] => {
      const growth = rates === undefined ? [] : [growthText(rates.queues.get(name) ?? 0)];
      const waits = headAt === undefined ? '-' : duration(at - headAt);
      const jobs = size === undefined ? 'not a list' : count(size);
      // Jobs that nobody takes are the first thing to see.
      const served = { text: count(workers), paint: workers === 0 && size !== 0 ? red : (text: string) => text };
      return [name, size === 0 ? { text: jobs, paint: dim } : jobs, ...growth, waits, served];
    });
  return section(columns, rows, queues.length, 'tsworker queues', io);
}

function growthText(perSecond: number): string {
  return perSecond === 0 ? '' : `${perSecond > 0 ? '+' : ''}${rate(perSecond)}/s`;
}

function hostList({ hosts }: Overview, { show }: StatusView, io: Io): string {
  const { red } = styleOf(io);
  const rows = hosts.slice(0, show.hosts).map(({ host, workers, working, lost }): Cell[] => {
    const gone = lost === 0 ? '0' : { text: count(lost), paint: red };
    return [host, count(workers), count(working), gone];
  });
  const columns = [{ head: 'HOST', give: 1 }, right('WORKERS'), right('WORKING'), right('LOST')];
  return section(columns, rows, hosts.length, 'tsworker workers', io);
}

function runningList({ running, workers, at }: Overview, { show }: StatusView, io: Io): string {
  const rows = running
    .slice(0, show.running)
    .map(({ worker, job }): Cell[] => [
      worker.split(':', 2).join(':'),
      job.since === undefined ? '-' : duration(at - job.since),
      job.queue,
      job.problem ?? job.class,
      argsText(job.payload),
    ]);
  const columns: Column[] = [
    { head: 'RUNNING ON', give: 1 },
    right('FOR'),
    { head: 'QUEUE', give: 3 },
    { head: 'CLASS', give: 2 },
  ];
  columns.push({ head: 'ARGUMENTS', give: 4 });
  return section(columns, rows, Math.max(workers.working, running.length), 'tsworker workers -state=working', io);
}

function failureList({ failures: { groups, looked, total }, at }: Overview, { show }: StatusView, io: Io): string {
  const rows = groups
    .slice(0, show.failures)
    .map(({ class: name, queue, count: times, last, exception, error }): Cell[] => {
      // goworker puts its whole stack into the message.
      const message = [exception, error.split('\n', 1)[0]].filter((text) => text !== '').join(': ');
      const when = last === undefined ? '-' : `${duration(at - last)} ago`;
      return [name || '(no class)', queue, count(times), when, message || 'an entry that cannot be read'];
    });
  const columns: Column[] = [
    { head: 'FAILED', give: 1 },
    { head: 'QUEUE', give: 2, drop: 1 },
    right('TIMES'),
    right('LAST'),
  ];
  columns.push({ head: 'WITH', give: 3 });
  const list = section(columns, rows, groups.length, 'tsworker failed count', io);
  if (list === '' || looked === total) return list;
  return `${list}of the newest ${count(looked)} failures; -failures=${total} looks at all\n`;
}

function right(head: string): Column {
  return { head, align: 'right' };
}

function section(columns: readonly Column[], rows: readonly Cell[][], all: number, more: string, io: Io): string {
  if (rows.length === 0) return '';
  const rest = all > rows.length ? `… and ${count(all - rows.length)} more: ${more}\n` : '';
  return listed(columns, rows, io) + rest;
}
