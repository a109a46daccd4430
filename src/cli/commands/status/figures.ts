/** The figures at the top of `tsworker status`: one line each. Pure. */

import { count, counted, duration, rate } from '../../../format.js';
import type { WorkerCounts } from '../../../inspect/crowd.js';
import type { Overview } from '../../../inspect/overview.js';
import type { Io } from '../../io.js';
import type { Session } from '../../session.js';
import { fields } from '../../table.js';
import { PAUSED, unpausableText } from '../pause/format.js';
import { pausedQueue } from '../queues/pause-format.js';
import type { Rates } from './rates.js';

export interface FiguresView extends Pick<Session, 'uri' | 'settings'> {
  readonly rates?: Rates | undefined;
}

/** @param room width in columns */
export function figures(overview: Overview, { uri, settings, rates }: FiguresView, io: Io, room?: number): string {
  const { stats, workers, queues, failures } = overview;
  const waiting = queues.reduce((sum, { size = 0 }) => sum + size, 0);
  const perSecond = (number: number | undefined) => (number === undefined ? '' : ` (${rate(number)}/s)`);
  const processed = `${count(stats.processed)} processed${perSecond(rates?.processed)}`;
  const failed = `${count(stats.failed)} failed${perSecond(rates?.failed)}, ${count(failures.total)} of them in the failed list`;
  const pairs = [
    ['redis', `${uri}, namespace ${settings.namespace}`],
    ['paused', pauseText(overview)],
    ['jobs', `${processed}; ${failed}`],
    [
      'waiting',
      `${counted(waiting, 'job')} in ${counted(queues.length, 'queue')}${delayedText(overview)}${retryingText(overview)}`,
    ],
    ...recurringLine(overview),
    ...quarantineLine(overview),
    ['workers', workersText(workers)],
  ];
  return fields(pairs, io, room);
}

/** Only if something is scheduled. */
function recurringLine({ recurring, at }: Overview): [string, string][] {
  if (recurring === undefined) return [];
  const { entries, paused, nextAt } = recurring;
  const next = nextAt === undefined ? '' : `, the next in ${duration(nextAt - at)}`;
  return [['recurring', `${counted(entries, 'job')}${next}${paused > 0 ? `; ${count(paused)} paused` : ''}`]];
}

/** Only if there is something to show. */
function quarantineLine({ queues }: Overview): [string, string][] {
  const jobs = queues.reduce((sum, { quarantined }) => sum + quarantined, 0);
  if (jobs === 0) return [];
  const names = queues.filter(({ quarantined }) => quarantined > 0).map(({ name }) => name);
  return [['quarantine', `${counted(jobs, 'job')} that two processes died with, of ${names.join(', ')}`]];
}

function workersText({ total, working, idle, lost, unknown, ...held }: WorkerCounts): string {
  const { blocked, paused, draining } = held;
  const others = Object.entries({ blocked, paused, draining }).flatMap(([state, slots]) =>
    slots === 0 ? [] : `, ${count(slots)} ${state}`,
  );
  return `${count(total)}: ${count(working)} working, ${count(idle)} idle${others.join('')}, ${count(lost)} lost${unknownText(unknown)}`;
}

/** goworker sends one heartbeat, at its start. */
function unknownText(unknown: number): string {
  return unknown === 0 ? '' : `; ${count(unknown)} of goworker: ${unknown === 1 ? 'shows' : 'show'} no sign of life`;
}

/** What is paused: all workers of the namespace, single queues, or processes by a signal. */
export function pauseText({
  pause: { paused, text, unpausable },
  processes,
  queues,
}: Pick<Overview, 'pause' | 'processes' | 'queues'>): string {
  if (paused)
    return `YES: ${PAUSED}; tsworker resume ends it${unpausable.length > 0 ? `. ${unpausableText(unpausable)}` : ''}`;
  if (text !== '') return `no: pause-all-workers is ${JSON.stringify(text)}, and only "true" pauses`;
  const some = processes.filter(({ state }) => state.paused).length;
  const exceptions = [
    ...queues.flatMap(({ name, pause }) => (pause === undefined ? [] : [pausedQueue(name, pause)])),
    ...(some === 0 ? [] : [`${counted(some, 'process', 'processes')} paused by a signal or an order`]),
  ];
  return exceptions.length === 0 ? 'no' : `no, but for ${exceptions.join(', ')}`;
}

function retryingText({ retrying }: Overview): string {
  return retrying === 0 ? '' : `; ${counted(retrying, 'job')} to run again`;
}

function delayedText({ delayed, at }: Overview): string {
  if (delayed === undefined) return '';
  const jobs = delayed.jobs === undefined ? `jobs for ${counted(delayed.times, 'time')}` : counted(delayed.jobs, 'job');
  const due = delayed.nextAt === undefined ? undefined : delayed.nextAt - at;
  if (due === undefined) return `; ${jobs} delayed`;
  return `; ${jobs} delayed, the first ${due > 0 ? `due in ${duration(due)}` : `overdue for ${duration(-due)}`}`;
}
