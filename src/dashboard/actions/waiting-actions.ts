/** What is done to jobs that wait for a time: delayed ones and retries. Each is named by its bytes. */
import { counted } from '../../format.js';
import { type DelayedJob, payloadOf, takeMatching } from '../../inspect/delayed-items.js';
import { countRetries, retryPayload, takeMatchingRetries } from '../../inspect/retries.js';
import { HttpError } from '../routes/page.js';
import { ConfirmView } from '../views/confirm.js';
import { RemoveQuestion } from '../views/queue-questions.js';
import { type Action, isAgreed, type Outcome } from './action.js';

const MOST = 500;

/** `<milliseconds>-<SHA-1>`: where it stands, and which it is. */
function chosenDelayed(form: URLSearchParams) {
  return form.getAll('delayed').flatMap((text) => {
    const [, ms, id] = /^(\d{1,16})-([0-9a-f]{40})$/.exec(text) ?? [];
    return ms === undefined ? [] : [{ dueAt: Number(ms), id }];
  });
}

async function takeDelayed(...[ask, form, to]: [...Parameters<Action['run']>, 'queue' | 'nowhere']) {
  const chosen = some(chosenDelayed(form));
  const { acting, keys } = ask.dashboard;
  const times = [...new Set(chosen.map(({ dueAt }) => dueAt))];
  const [ids, counts] = [chosen.map(({ id }) => id), { taken: 0, left: 0 }];
  const destination = (job: DelayedJob) => {
    if (to === 'nowhere') return { to: 'nowhere' as const };
    return job.queue === '' ? undefined : { to: 'queue' as const, queue: job.queue, payload: payloadOf(job) };
  };
  for (const dueAt of times)
    for await (const page of takeMatching(acting, keys, { ids, since: dueAt, before: dueAt + 1000 }, destination)) {
      counts.taken += page.taken.length;
      counts.left += page.left.length;
    }
  return { ...counts, gone: Math.max(0, ids.length - counts.taken - counts.left) };
}

export const runDelayed: Action = {
  name: 'rundelayed',
  target: (form) => counted(form.getAll('delayed').length, 'delayed job'),
  run: async (ask, form) => told('delayed', 'moved to their queues', await takeDelayed(ask, form, 'queue')),
};

export const removeDelayed: Action = {
  name: 'removedelayed',
  target: (form) => counted(form.getAll('delayed').length, 'delayed job'),
  run: async (ask, form) => {
    if (isAgreed(form)) return told('delayed', 'removed', await takeDelayed(ask, form, 'nowhere'));
    return question('removedelayed', 'delayed', some(chosenDelayed(form)).length, form);
  },
};

/** `<queue>` and `<id>` with a blank between them: a queue's name may hold anything else. */
function chosenRetries(form: URLSearchParams) {
  return form.getAll('retry').flatMap((text) => {
    const [, id, queue] = /^(\S{1,64}) (.+)$/s.exec(text) ?? [];
    return id === undefined ? [] : [{ id, queue }];
  });
}

async function takeRetries(...[ask, form, to]: [...Parameters<Action['run']>, 'queue' | 'nowhere']) {
  const chosen = some(chosenRetries(form));
  const { acting, keys } = ask.dashboard;
  const counts = { taken: 0, left: 0 };
  const having = new Set((await countRetries(acting, keys)).keys());
  // No key is ever made of what a form says.
  const queues = new Set(chosen.map(({ queue }) => queue).filter((queue) => having.has(queue)));
  if (queues.size === 0) throw new HttpError(409, 'these retries are gone: they run, or were moved or removed');
  for (const queue of queues) {
    const ids = chosen.filter((one) => one.queue === queue).map(({ id }) => id);
    const pages = takeMatchingRetries(acting, keys, { ids, queues: [queue] }, (job) =>
      to === 'nowhere' ? { to } : { to, payload: retryPayload(job) },
    );
    for await (const page of pages) {
      counts.taken += page.taken.length;
      counts.left += page.left.length;
    }
  }
  return { ...counts, gone: Math.max(0, chosen.length - counts.taken - counts.left) };
}

export const runRetries: Action = {
  name: 'runretries',
  target: (form) => counted(form.getAll('retry').length, 'retry', 'retries'),
  run: async (ask, form) => told('retries', 'moved to their queues', await takeRetries(ask, form, 'queue')),
};

export const removeRetries: Action = {
  name: 'removeretries',
  target: (form) => counted(form.getAll('retry').length, 'retry', 'retries'),
  run: async (ask, form) => {
    if (isAgreed(form)) return told('retries', 'removed', await takeRetries(ask, form, 'nowhere'));
    return question('removeretries', 'retries', some(chosenRetries(form)).length, form);
  },
};

function some<T>(chosen: readonly T[]): readonly T[] {
  if (chosen.length === 0) throw new HttpError(400, 'no job is chosen');
  return chosen.slice(0, MOST);
}

function told(to: string, what: string, { taken, left, gone }: { taken: number; left: number; gone: number }): Outcome {
  const rest = left + gone === 0 ? '' : ` ${counted(left + gone, 'job')} stayed, or had gone before.`;
  return { kind: 'done', to, note: `${counted(taken, 'job')} ${what}.${rest}`, result: { done: taken, left, gone } };
}

function question(
  action: 'removedelayed' | 'removeretries',
  back: string,
  jobs: number,
  form: URLSearchParams,
): Outcome {
  const title = `Remove ${counted(jobs, 'job')}?`;
  const what = 'They are gone then: nobody runs them, and nothing keeps them.';
  const button = `Remove ${counted(jobs, 'job')}`;
  const view = ConfirmView({ title, action, form, button, back, children: RemoveQuestion({ what }) });
  return { kind: 'confirm', title, view, preview: { jobs } };
}
