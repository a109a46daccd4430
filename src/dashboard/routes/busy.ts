/** The jobs that run now, the longest-running first. */
import { isoTime } from '../../json-text.js';
import { type BusyModel, BusyView } from '../views/busy.js';
import { longestRunning } from './overview.js';
import { definePage, wholeNumber } from './page.js';
import { workerJson } from './workers.js';

export const BUSY_SHOWN = 100;

export const busyPage = definePage<BusyModel>({
  path: 'busy',
  title: 'Busy',
  load: ({ snapshot, query }) => {
    const running = longestRunning(snapshot, Number.POSITIVE_INFINITY);
    const from = wholeNumber(query.get('from'), { min: 0, max: Math.max(0, running.length - 1), fallback: 0 });
    return { from, total: running.length, rows: running.slice(from, from + BUSY_SHOWN) };
  },
  json: ({ from, total, rows }, { now, snapshot }) => ({
    ...{ at: isoTime(snapshot.workers?.at), total, from },
    running: rows.map((row) => workerJson(row, now)),
  }),
  view: (model, ask) => BusyView({ model, ask }),
});
