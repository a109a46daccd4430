/** All queues: found by a part of their name, sorted, a hundred at a time. */
import { isoTime } from '../../json-text.js';
import type { QueueRow } from '../model/snapshot.js';
import { QUEUE_SORTS, type QueueSort, type QueuesModel, QueuesView } from '../views/queues.js';
import { type Ask, definePage, wholeNumber } from './page.js';

const MOST = 100;

export const queuesPage = definePage<QueuesModel>({
  path: 'queues',
  title: 'Queues',
  load: (ask) => {
    const text = (ask.query.get('text') ?? '').slice(0, 200);
    const sort = QUEUE_SORTS.find((one) => one === ask.query.get('sort')) ?? 'name';
    const all = ask.snapshot.queues?.rows ?? [];
    const found = text === '' ? all : all.filter(({ name }) => name.includes(text));
    const from = wholeNumber(ask.query.get('from'), { min: 0, max: Math.max(0, found.length - 1), fallback: 0 });
    return { text, sort, from, total: found.length, rows: sorted(found, sort, ask).slice(from, from + MOST) };
  },
  json: ({ total, from, rows }, ask) => ({
    ...{ at: isoTime(ask.snapshot.queues?.at), total, from },
    queues: rows.map((row) => queueJson(row, ask)),
  }),
  view: (model, ask) => QueuesView({ model, ask }),
});

/** By name it is as the snapshot has it. */
function sorted(rows: readonly QueueRow[], sort: QueueSort, { snapshot }: Ask): readonly QueueRow[] {
  if (sort === 'name') return rows;
  const by: Readonly<Record<Exclude<QueueSort, 'name'>, (row: QueueRow) => number>> = {
    jobs: ({ size }) => -(size ?? -1),
    growth: ({ growth }) => -(growth ?? 0),
    wait: ({ headAt }) => headAt ?? Number.POSITIVE_INFINITY,
    workers: ({ name }) => snapshot.workers?.serving(name) ?? 0,
  };
  const keyed = rows.map((row) => ({ row, key: by[sort](row) }));
  return keyed.sort((a, b) => (a.key === b.key ? 0 : a.key < b.key ? -1 : 1)).map(({ row }) => row);
}

export function queueJson(
  { name, size, headAt, quarantined, retrying, pause, growth }: QueueRow,
  { snapshot, now }: Ask,
) {
  return {
    ...{ name, size: size ?? null, headAgeSeconds: headAt === undefined ? null : Math.max(0, (now - headAt) / 1000) },
    ...{ quarantined, retrying, paused: pause !== undefined },
    pausedForSeconds: pause?.leftMs === undefined ? null : pause.leftMs / 1000,
    workers: snapshot.workers?.serving(name) ?? null,
    growthPerSecond: growth ?? null,
  };
}
