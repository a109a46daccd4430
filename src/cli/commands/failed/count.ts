/** `tsworker failed count`: what fails, how often, and since when. */

import { counted, duration, count as number, time } from '../../../format.js';
import { countFailed, type FailedGroup, type Grouping } from '../../../inspect/failed/count.js';
import { FailedList } from '../../../inspect/failed/list.js';
import { serverTimeMs } from '../../../registry/clock.js';
import type { Column } from '../../columns.js';
import { EXIT } from '../../command.js';
import { printLine } from '../../io.js';
import { isoTime, printLines } from '../../json.js';
import { placeOf, type Session } from '../../session.js';
import { styleOf } from '../../style.js';
import { type Cell, listed } from '../../table.js';
import { type FailedCall, filterOf, filterText } from './filter.js';

export async function count({ io, flags }: FailedCall, session: Session): Promise<number> {
  const { by = 'kind' } = flags;
  const filter = filterOf(flags);
  const now = await serverTimeMs(session.connection);
  const { total, groups } = await countFailed(new FailedList(session.connection, session.keys), { filter, by });
  if (flags.json) {
    await printLines(
      io,
      groups.map((group) => asLine(group, by)),
    );
    return EXIT.fine;
  }
  if (groups.length > 0) await io.print(`${asTable(groups, by, now, io)}\n`);
  const which = `${counted(total, 'failed job')}${filterText(filter)}`;
  printLine(io, total === 0 ? `no ${which.slice(2)} in ${placeOf(session)}` : which);
  return EXIT.fine;
}

/** What all entries of a group have in common; the rest is taken from the newest. */
const COMMON: Readonly<Record<Grouping, readonly (keyof FailedGroup)[]>> = {
  kind: ['queue', 'class', 'exception', 'kind'],
  error: ['exception'],
  class: ['class'],
  queue: ['queue'],
  hour: [],
};

function asLine(group: FailedGroup, by: Grouping): unknown {
  const { first, last, n, error, count: jobs } = group;
  const common = Object.fromEntries(COMMON[by].map((name) => [name, group[name]]));
  const hour = by === 'hour' ? { hour: isoTime(hourOf(group)) } : {};
  return { ...common, ...hour, count: jobs, first: isoTime(first), last: isoTime(last), n, error };
}

function hourOf({ last }: FailedGroup): number | undefined {
  return last === undefined ? undefined : Math.floor(last / 3_600_000) * 3_600_000;
}

interface Part extends Column {
  readonly by: readonly Grouping[];
  readonly cell: (group: FailedGroup, now: number, io: FailedCall['io']) => Cell;
}

const ANY: readonly Grouping[] = ['kind', 'error', 'class', 'queue', 'hour'];

/** The columns. */
const PARTS: readonly Part[] = [
  { head: 'JOBS', align: 'right', by: ANY, cell: (group) => number(group.count) },
  { head: 'HOUR', by: ['hour'], cell: (group) => hourText(hourOf(group)) },
  { head: 'CLASS', give: 1, least: 12, by: ['kind', 'class'], cell: (group) => group.class || '-' },
  { head: 'QUEUE', give: 2, drop: 2, by: ['kind', 'queue'], cell: (group) => group.queue || '-' },
  {
    head: 'FIRST',
    align: 'right',
    drop: 3,
    by: ['kind', 'error', 'class', 'queue'],
    cell: (group, now) => ago(group.first, now),
  },
  { head: 'LAST', align: 'right', by: ['kind', 'error', 'class', 'queue'], cell: (group, now) => ago(group.last, now) },
  { head: 'NEWEST', align: 'right', drop: 1, by: ANY, cell: (group) => String(group.n) },
  { head: 'KIND', drop: 4, by: ['kind'], cell: (group) => group.kind || '-' },
  {
    head: 'ERROR',
    give: 3,
    least: 20,
    by: ANY,
    cell: (group, _, io) => ({ text: errorText(group), paint: styleOf(io).red }),
  },
];

function ago(at: number | undefined, now: number): string {
  return at === undefined ? '-' : duration(now - at);
}

function hourText(at: number | undefined): string {
  return at === undefined ? '-' : time(at).replace(/:\d\d UTC$/, ' UTC');
}

function errorText({ exception, error }: FailedGroup): string {
  const [line] = error.split('\n', 1);
  return [exception, line].filter((part) => part !== '').join(': ');
}

function asTable(groups: readonly FailedGroup[], by: Grouping, now: number, io: FailedCall['io']): string {
  const parts = PARTS.filter((part) => part.by.includes(by));
  return listed(
    parts,
    groups.map((group) => parts.map(({ cell }) => cell(group, now, io))),
    io,
  );
}
