/** Jobs for later, by the times at which they are due; twenty times, and the first ten jobs of each. */
import { readDelayedTimes } from '../../inspect/delayed-times.js';
import { isoTime, verbatim } from '../../json-text.js';
import { type DelayedModel, DelayedView } from '../views/delayed.js';
import { definePage, wholeNumber } from './page.js';

const TIMES = 20;
const JOBS = 10;

export const delayedPage = definePage<DelayedModel>({
  path: 'delayed',
  title: 'Delayed',
  load: async ({ dashboard, query, snapshot }) => {
    const total = snapshot.figures?.delayedTimes ?? 0;
    const from = wholeNumber(query.get('from'), { min: 0, max: Math.max(0, total - 1), fallback: 0 });
    const { connection, keys, once, redactor } = dashboard;
    const times = await once.get(`delayed ${from}`, () =>
      readDelayedTimes(connection, keys, { from, times: TIMES, jobs: JOBS }),
    );
    const masked = times.map((time) => ({
      ...time,
      jobs: time.jobs.map((job) => ({ ...job, payload: redactor.payload(job.payload) })),
    }));
    return { from, total, times: masked };
  },
  json: ({ from, total, times }) => ({
    ...{ total, from },
    times: times.map(({ time, dueAt, size, jobs }) => ({
      ...{ time, dueAt: isoTime(dueAt), size },
      jobs: jobs.map(({ id, class: name, queue, payload }) => ({ id, class: name, queue, payload: verbatim(payload) })),
    })),
  }),
  view: (model, ask) => DelayedView({ model, ask }),
});
