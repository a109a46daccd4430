/** The lists of `tsworker status`: queues, hosts, processes, running jobs, failures. Pure. */

import { count, duration, rate } from '../../../format.js';
import type { FailedGroup } from '../../../inspect/failed/count.js';
import type { Overview, QueueServed } from '../../../inspect/overview.js';
import { argsText } from '../../../inspect/payload.js';
import { type Column, truncated } from '../../columns.js';
import type { Io } from '../../io.js';
import { styleOf } from '../../style.js';
import { type Cell, listed } from '../../table.js';
import { pauseText as pauseOfQueue } from '../queues/pause-format.js';
import { processText } from '../workers/format.js';
import type { Rates } from './rates.js';

export interface ListView {
  /** Maximum number of rows. */
  readonly most: number;
  readonly rates?: Rates | undefined;
  /** Index of the sort order. */
  readonly sort?: number;
}

export interface StatusList {
  readonly name: 'queues' | 'hosts' | 'processes' | 'running' | 'failures';
  /** Number of rows. */
  readonly rows: (overview: Overview) => number;
  /** '' if it is empty. */
  readonly text: (overview: Overview, view: ListView, io: Io) => string;
}

/** In display order. */
export const LISTS: readonly StatusList[] = [
  { name: 'queues', rows: ({ queues }) => queues.length, text: queueList },
  { name: 'hosts', rows: ({ hosts }) => hosts.length, text: hostList },
  { name: 'processes', rows: ({ processes }) => processes.length, text: processList },
  { name: 'running', rows: ({ running }) => running.length, text: runningList },
  { name: 'failures', rows: ({ failures }) => failures.groups.length, text: failureList },
];

function queueList({ queues, at }: Overview, { most, rates, sort = 0 }: ListView, io: Io): string {
  const { red, dim } = styleOf(io);
  const columns: Column[] = [{ head: 'QUEUE', give: 1 }, right('JOBS'), right('HEAD WAITS', 2), right('WORKERS')];
  if (rates !== undefined) columns.splice(2, 0, right('GROWTH', 1));
  const some = queues.some(({ quarantined }) => quarantined > 0);
  if (some) columns.splice(-1, 0, right('QUARANTINED'));
  const paused = queues.some(({ pause }) => pause !== undefined);
  if (paused) columns.push({ head: 'PAUSED' });
  const rows = sorted(queues, QUEUE_ORDERS[sort % QUEUE_ORDERS.length], most, rates).map(
    ({ name, size, headAt, quarantined, workers, pause }): Cell[] => {
      const growth = rates === undefined ? [] : [growthText(rates.queues.get(name) ?? 0)];
      const waits = headAt === undefined ? '-' : duration(at - headAt);
      const jobs = size === undefined ? 'not a list' : count(size);
      // Queues without a worker come first.
      const served = { text: count(workers), paint: workers === 0 && size !== 0 ? red : (text: string) => text };
      const alone = some ? [count(quarantined)] : [];
      return [
        name,
        size === 0 ? { text: jobs, paint: dim } : jobs,
        ...growth,
        waits,
        ...alone,
        served,
        ...(paused ? [pauseOfQueue(pause)] : []),
      ];
    },
  );
  return section(columns, rows, queues.length, 'tsworker queues', io);
}

export const QUEUE_ORDERS = ['name', 'jobs', 'growth', 'wait'] as const;

/** Sorted by name: the largest, if not all are shown. */
function sorted(
  queues: readonly QueueServed[],
  by: (typeof QUEUE_ORDERS)[number],
  most: number,
  rates: Rates | undefined,
): readonly QueueServed[] {
  const value = {
    name: ({ size = 0 }: QueueServed) => size,
    jobs: ({ size = 0 }: QueueServed) => size,
    growth: ({ name }: QueueServed) => rates?.queues.get(name) ?? 0,
    wait: ({ headAt }: QueueServed) => -(headAt ?? Number.POSITIVE_INFINITY),
  }[by];
  const first = [...queues].sort((a, b) => value(b) - value(a)).slice(0, most);
  const shown = new Set(first);
  return by === 'name' ? queues.filter((queue) => shown.has(queue)) : first;
}

function growthText(perSecond: number): string {
  return perSecond === 0 ? '' : `${perSecond > 0 ? '+' : ''}${rate(perSecond)}/s`;
}

function hostList({ hosts }: Overview, { most }: ListView, io: Io): string {
  const { red } = styleOf(io);
  const rows = hosts.slice(0, most).map(({ host, workers, working, lost }): Cell[] => {
    const gone = lost === 0 ? '0' : { text: count(lost), paint: red };
    return [host, count(workers), count(working), gone];
  });
  const columns = [{ head: 'HOST', give: 1 }, right('WORKERS'), right('WORKING'), right('LOST')];
  return section(columns, rows, hosts.length, 'tsworker workers', io);
}

function processList({ processes, at }: Overview, { most }: ListView, io: Io): string {
  const { red, yellow } = styleOf(io);
  const rows = processes.slice(0, most).map((one): Cell[] => {
    const bad = one.liveness === 'gone' || one.state.blockedSince !== undefined;
    const state = { text: processText(one, at), paint: bad ? red : yellow };
    return [one.name, state, count(one.working), count(one.slots)];
  });
  const columns = [
    { head: 'PROCESS', give: 1, least: 14 },
    { head: 'STATE', give: 2, least: 12 },
    right('WORKING', 1),
    right('SLOTS', 2),
  ];
  return section(columns, rows, processes.length, 'tsworker workers', io);
}

function runningList({ running, workers, at }: Overview, { most }: ListView, io: Io): string {
  const rows = running
    .slice(0, most)
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
    { head: 'QUEUE', give: 3, drop: 1 },
    { head: 'CLASS', give: 2 },
  ];
  columns.push({ head: 'ARGUMENTS', give: 4, drop: 2 });
  return section(columns, rows, Math.max(workers.working, running.length), 'tsworker workers -state=working', io);
}

export const FAILURE_ORDERS = ['times', 'last'] as const;

function failureList(
  { failures: { groups, looked, total }, at }: Overview,
  { most, sort = 0 }: ListView,
  io: Io,
): string {
  const order = FAILURE_ORDERS[sort % FAILURE_ORDERS.length];
  const latest = (group: FailedGroup) => group.last ?? 0;
  const ordered = order === 'times' ? groups : [...groups].sort((a, b) => latest(b) - latest(a));
  const rows = ordered.slice(0, most).map(({ class: name, queue, count: times, last, exception, error }): Cell[] => {
    // goworker writes its whole stack into the message.
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
  return list + line(`of the newest ${count(looked)} failures; -failures=${total} looks at all`, io);
}

function right(head: string, drop = 0): Column {
  return { head, align: 'right', drop };
}

function section(columns: readonly Column[], rows: readonly Cell[][], all: number, more: string, io: Io): string {
  if (rows.length === 0) return '';
  const rest = all > rows.length ? line(`… and ${count(all - rows.length)} more: ${more}`, io) : '';
  return listed(columns, rows, io) + rest;
}

function line(text: string, io: Io): string {
  return `${io.terminal ? truncated(text, io.columns) : text}\n`;
}
