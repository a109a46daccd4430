/** Jobs that failed and wait to run again, queue by queue, the next due first. */
import { walkRetries } from '../../inspect/retries.js';
import { isoTime, verbatim } from '../../json-text.js';
import { type RetriesModel, RetriesView, type ShownRetry } from '../views/retries.js';
import { type Ask, definePage } from './page.js';

const MOST = 100;
const MOST_QUEUES = 10;

export const retriesPage = definePage<RetriesModel>({
  path: 'retries',
  title: 'Retries',
  load: async (ask) => {
    const all = (ask.snapshot.queues?.rows ?? []).filter(({ retrying }) => retrying > 0);
    const wanted = ask.query.get('queue') ?? '';
    const queues = all.filter(({ name }) => wanted === '' || name === wanted).slice(0, MOST_QUEUES);
    const key = `retries ${wanted}`;
    const names = queues.map(({ name }) => name);
    const jobs = names.length === 0 ? [] : await ask.dashboard.once.get(key, () => read(ask, names));
    return { queue: wanted, queues: all.map(({ name, retrying }) => ({ name, retrying })), jobs };
  },
  json: ({ queues, jobs }) => ({
    queues,
    jobs: jobs.map(({ id, class: name, queue, dueAt, payload, attempt, error }) => ({
      ...{ id, class: name, queue, dueAt: isoTime(dueAt), attempt: attempt ?? null, error: error ?? null },
      payload: verbatim(payload),
    })),
  }),
  view: (model, ask) => RetriesView({ model, ask }),
});

async function read({ dashboard }: Ask, queues: readonly string[]): Promise<ShownRetry[]> {
  const { connection, keys, redactor } = dashboard;
  const shown: ShownRetry[] = [];
  for await (const page of walkRetries(connection, keys, { queues })) {
    for (const { id, class: name, queue, dueAt, payload, state } of page) {
      const last = state?.errors.at(-1);
      const masked = redactor.withText(payload, last?.error ?? '');
      const error = last && masked.text;
      shown.push({ id, class: name, queue, dueAt, payload: masked.payload, attempt: state?.attempt, error });
    }
    if (shown.length >= MOST) break;
  }
  return shown.sort((a, b) => a.dueAt - b.dueAt).slice(0, MOST);
}
