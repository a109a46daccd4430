/** `tsworker failed count`: what fails, how often, since when. */
import { countFailed, type FailedGroup } from '../../../inspect/failed/count.js';
import { FailedList } from '../../../inspect/failed/list.js';
import { serverTimeMs } from '../../../registry/clock.js';
import { EXIT } from '../../command.js';
import { counted, duration, count as number } from '../../format.js';
import { isoTime, printLines } from '../../json.js';
import { placeOf, type Session } from '../../session.js';
import { styleOf } from '../../style.js';
import { type Cell, listed } from '../../table.js';
import { type FailedCall, filterOf, filterText } from './filter.js';

export async function count({ io, flags }: FailedCall, session: Session): Promise<number> {
  const filter = filterOf(flags);
  const now = await serverTimeMs(session.connection);
  const { total, groups } = await countFailed(new FailedList(session.connection, session.keys), filter);
  if (flags.json) {
    await printLines(io, groups.map(asLine));
    return EXIT.fine;
  }
  if (groups.length > 0) await io.print(`${asTable(groups, now, io)}\n`);
  const which = `${counted(total, 'failed job')}${filterText(filter)}`;
  io.out(`${total === 0 ? `no ${which.slice(2)} in ${placeOf(session)}` : which}\n`);
  return EXIT.fine;
}

function asLine({ first, last, ...group }: FailedGroup): unknown {
  return { ...group, first: isoTime(first), last: isoTime(last) };
}

const COLUMNS = [
  { head: 'JOBS', align: 'right' },
  { head: 'CLASS', give: 1, least: 12 },
  { head: 'QUEUE', give: 2, drop: 2 },
  { head: 'FIRST', align: 'right', drop: 3 },
  { head: 'LAST', align: 'right' },
  { head: 'NEWEST', align: 'right', drop: 1 },
  { head: 'ERROR', give: 3, least: 20 },
] as const;

function asTable(groups: readonly FailedGroup[], now: number, io: FailedCall['io']): string {
  const { red } = styleOf(io);
  const ago = (at: number | undefined) => (at === undefined ? '-' : duration(now - at));
  const rows = groups.map((group): Cell[] => {
    const [error] = group.error.split('\n', 1);
    const text = [group.exception, error].filter((part) => part !== '').join(': ');
    const { queue, first, last, n } = group;
    return [
      number(group.count),
      group.class || '-',
      queue || '-',
      ago(first),
      ago(last),
      String(n),
      { text, paint: red },
    ];
  });
  return listed(COLUMNS, rows, io);
}
