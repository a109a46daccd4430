/** What is done to recurring jobs: enqueued once now, paused, resumed. */
import { enqueueRecurring, readRecurring } from '../../inspect/schedules.js';
import { pauseSchedules } from '../../resque/schedules.js';
import { type Ask, HttpError } from '../routes/page.js';
import type { Action } from './action.js';

const nameOf = (form: URLSearchParams) => form.get('name') ?? '';

/** Only one that is published: no key is ever made of what a form says. */
async function find({ dashboard: { acting, keys } }: Ask, name: string) {
  const { at, jobs } = await readRecurring(acting, keys);
  const job = jobs.find(({ entry }) => entry.name === name);
  if (job === undefined) throw new HttpError(404, `there is no recurring job ${JSON.stringify(name)}`);
  return { at, job };
}

function done(name: string, note: string) {
  return { kind: 'done' as const, to: 'schedules', note, result: { name } };
}

export const runSchedule: Action = {
  name: 'runschedule',
  target: nameOf,
  run: async (ask, form) => {
    const { at, job } = await find(ask, nameOf(form));
    await enqueueRecurring(ask.dashboard.acting, ask.dashboard.keys, [job.entry], at);
    return done(job.entry.name, `${job.entry.name} was enqueued in ${job.entry.queue}.`);
  },
};

async function setPaused(ask: Ask, form: URLSearchParams, paused: boolean) {
  const { job } = await find(ask, nameOf(form));
  const { name } = job.entry;
  await pauseSchedules(ask.dashboard.acting, ask.dashboard.keys, [name], paused);
  return done(name, paused ? `${name} is paused.` : `${name} goes on with its next time.`);
}

export const pauseSchedule: Action = {
  name: 'pauseschedule',
  target: nameOf,
  run: (ask, form) => setPaused(ask, form, true),
};

export const resumeSchedule: Action = {
  name: 'resumeschedule',
  target: nameOf,
  run: (ask, form) => setPaused(ask, form, false),
};
