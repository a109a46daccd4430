/** `tsworker failed list`: the newest first, page by page. */

import { count, counted, duration } from '../../../format.js';
import { batches } from '../../../inspect/batch.js';
import { FailedEntry, failureTime } from '../../../inspect/failed/entry.js';
import { type FailedFilter, isFiltered, matching } from '../../../inspect/failed/filter.js';
import { FailedList, type Listed } from '../../../inspect/failed/list.js';
import { totalRetries } from '../../../inspect/retries.js';
import { serverTimeMs } from '../../../registry/clock.js';
import { EXIT } from '../../command.js';
import { printLine } from '../../io.js';
import { printLines } from '../../json.js';
import { placeOf, type Session } from '../../session.js';
import { styleOf } from '../../style.js';
import { type Cell, listed } from '../../table.js';
import { type FailedCall, filterOf, filterText } from './filter.js';
import { asDocument, firstLine, shortId } from './format.js';

const DEFAULT_COUNT = 20;
/** Rows from which the column widths are computed. */
const TABLE_ROWS = 500;

export async function list({ io, flags }: FailedCall, session: Session): Promise<number> {
  const failed = new FailedList(session.connection, session.keys);
  const total = await failed.length();
  const now = await serverTimeMs(session.connection);
  const most = flags.count ?? DEFAULT_COUNT;
  const filter = filterOf(flags);
  let shown = 0;
  let last = 0;
  for await (const some of batches(found(failed, filter, flags.from, most), TABLE_ROWS)) {
    shown += some.length;
    last = some[some.length - 1].n;
    const going = flags.json ? await printLines(io, some.map(asDocument)) : await io.print(asTable(some, now, io));
    if (!going) return EXIT.fine;
  }
  // A blank line below the table.
  if (!flags.json && shown > 0) io.out('\n');
  if (flags.json) return EXIT.fine;
  printLine(io, summary({ total, shown, last, more: shown === most, filter }, session));
  const again = await totalRetries(session.connection, session.keys);
  if (again > 0) printLine(io, `${counted(again, 'job')} to run again: see tsworker retries`);
  return EXIT.fine;
}

async function* found(
  failed: FailedList,
  filter: FailedFilter,
  from: number | undefined,
  most: number,
): AsyncGenerator<Listed> {
  let left = most;
  for await (const page of failed.down(from))
    for (const { listed } of matching(page, filter)) {
      yield listed;
      if (--left === 0) return;
    }
}

const COLUMNS = [
  { head: 'N', align: 'right' },
  { head: 'ID', drop: 2 },
  { head: 'AGO', align: 'right' },
  { head: 'QUEUE', give: 2, drop: 1 },
  { head: 'CLASS', give: 1, least: 12 },
  { head: 'ERROR', give: 3, least: 20 },
] as const;

function asTable(entries: readonly Listed[], now: number, io: FailedCall['io']): string {
  const { red, dim } = styleOf(io);
  const rows = entries.map(({ n, raw }): Cell[] => {
    const entry = new FailedEntry(raw);
    const at = failureTime(entry);
    const error = { text: firstLine(entry), paint: entry.retriedAt === undefined ? red : dim };
    return [
      String(n),
      shortId(raw),
      at === undefined ? '-' : duration(now - at),
      entry.queue || '-',
      entry.class || '-',
      error,
    ];
  });
  return listed(COLUMNS, rows, io);
}

interface ListSummary {
  readonly total: number;
  readonly shown: number;
  readonly last: number;
  readonly more: boolean;
  readonly filter: FailedFilter;
}

function summary({ total, shown, last, more, filter }: ListSummary, session: Session): string {
  if (total === 0) return `no failed jobs in ${placeOf(session)}`;
  const all = counted(total, 'failed job');
  if (shown === 0)
    return `${isFiltered(filter) ? `none${filterText(filter)}` : 'none there'}; ${all} in ${placeOf(session)}`;
  const next = more && last > 0 ? `; -from=${last - 1} shows older ones` : '';
  return `${count(shown)}${filterText(filter)} of ${all}, the newest first${next}`;
}
