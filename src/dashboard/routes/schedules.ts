/** Recurring jobs as the workers have published them: what comes next, what was enqueued last, and by whom. */
import { readRecurring } from '../../inspect/schedules.js';
import { isoTime } from '../../json-text.js';
import { type SchedulesModel, SchedulesView } from '../views/schedules.js';
import { definePage } from './page.js';

const MOST = 1000;

export const schedulesPage = definePage<SchedulesModel>({
  path: 'schedules',
  title: 'Schedules',
  load: async ({ dashboard: { connection, keys, once, redactor } }) => {
    const { jobs, dynamicLeft, problems } = await once.get('schedules', () => readRecurring(connection, keys));
    const shown = jobs.slice(0, MOST).map(({ entry, timing, paused, nextAt, lastAt, by }) => ({
      ...{ name: entry.name, class: entry.class, queue: entry.queue, description: entry.description ?? '' },
      ...{ timing, paused, nextAt, lastAt, by, payload: redactor.payload(entry.payload), origin: entry.origin },
    }));
    return { total: jobs.length, jobs: shown, dynamicLeft, problems: problems.map((text) => redactor.text(text)) };
  },
  json: ({ total, jobs, dynamicLeft, problems }) => ({
    ...{ total, dynamicLeft, problems },
    schedules: jobs.map(({ nextAt, lastAt, payload: _, ...job }) => ({
      ...job,
      nextAt: isoTime(nextAt),
      lastAt: isoTime(lastAt),
    })),
  }),
  view: (model, ask) => SchedulesView({ model, ask }),
});
