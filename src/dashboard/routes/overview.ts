/** What needs somebody first; then how much is going on. */
import { isoTime } from '../../json-text.js';
import { type Rise, risen, summarize } from '../failures/summary.js';
import { findings } from '../model/attention.js';
import { type Point, rangeOf, type Series, seriesOf } from '../model/series.js';
import type { QueueRow, Snapshot, WorkerRow } from '../model/snapshot.js';
import { type OverviewModel, OverviewView } from '../views/overview.js';
import { type Ask, definePage } from './page.js';
import { queueJson } from './queues.js';
import { workerJson } from './workers.js';

const MOST = 10;

export const overviewPage = definePage<OverviewModel>({
  path: '',
  title: 'Overview',
  load: async (ask) => {
    const { snapshot, now, query } = ask;
    const { history } = snapshot;
    return {
      findings: findings(snapshot, now, await rises(ask)),
      running: longestRunning(snapshot, MOST),
      busiest: busiest(snapshot, MOST),
      series: history && seriesOf(history, rangeOf(query.get('range')), now),
    };
  },
  json: (model, ask) => {
    const { figures, queues, workers } = ask.snapshot;
    return {
      ...{ at: isoTime(figures?.at), uri: ask.dashboard.options.uri, namespace: ask.dashboard.options.namespace },
      ...{
        paused: figures?.pause.paused ?? null,
        processed: figures?.processed ?? null,
        failed: figures?.failed ?? null,
      },
      ...{ processedPerSecond: figures?.rates?.processed ?? null, failedPerSecond: figures?.rates?.failed ?? null },
      waiting: queues?.waiting ?? null,
      retrying: queues?.retrying ?? null,
      failedList: figures?.failedList ?? null,
      delayed: { times: figures?.delayedTimes ?? null, nextAt: isoTime(figures?.delayedNextAt) },
      workers: workers?.counts ?? null,
      hosts: workers?.hosts ?? null,
      attention: model.findings,
      running: model.running.map((row) => workerJson(row, ask.now)),
      queues: model.busiest.map((row) => queueJson(row, ask)),
      history: model.series === undefined ? null : seriesJson(model.series),
      problem: ask.snapshot.problem?.text ?? null,
    };
  },
  view: (model, ask) => OverviewView({ model, ask }),
});

function seriesJson({ range, points }: Series) {
  const pointJson = ({ at, processed, failed, waiting, failedList }: Point) => ({
    at: isoTime(at),
    processedPerSecond: processed ?? null,
    failedPerSecond: failed ?? null,
    waiting: waiting ?? null,
    failedList: failedList ?? null,
  });
  return { range: range.name, stepSeconds: range.stepMs / 1000, points: points.map(pointJson) };
}

/** Of what the index knows so far: the page does not wait for it. */
async function rises({ dashboard: { failures, once }, now }: Ask): Promise<readonly Rise[]> {
  void failures.keeper.want();
  const { index } = failures;
  if (index.table.size === 0) return [];
  return await once.get(`rises ${index.version}`, async () => risen(summarize(index.table, {}, now), MOST));
}

export function longestRunning({ workers }: Snapshot, most: number): readonly WorkerRow[] {
  const since = ({ job }: WorkerRow) => job?.since ?? Number.POSITIVE_INFINITY;
  const running = (workers?.rows ?? []).filter(({ state }) => state === 'working');
  return running.sort((a, b) => since(a) - since(b)).slice(0, most);
}

function busiest({ queues }: Snapshot, most: number): readonly QueueRow[] {
  return [...(queues?.rows ?? [])].sort((a, b) => (b.size ?? 0) - (a.size ?? 0)).slice(0, most);
}
