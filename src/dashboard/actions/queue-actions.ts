/** What is done to queues and their jobs: paused, resumed, moved, removed, released. */
import { counted, duration } from '../../format.js';
import { findUnpausable, setPause } from '../../inspect/pause.js';
import { releaseQuarantined } from '../../inspect/quarantine.js';
import { pauseQueue, resumeQueue } from '../../inspect/queue-pause.js';
import { type NamedJob, takeNamed, takeQueued } from '../../inspect/queued.js';
import { keyOf, queueNameOf } from '../../inspect/queues.js';
import { removeQueue } from '../../inspect/remove-queue.js';
import { checkQueueName } from '../../resque/queue-name.js';
import { quoted } from '../../shell-word.js';
import type { QueueRow } from '../model/snapshot.js';
import { type Ask, HttpError, link } from '../routes/page.js';
import { rowOf } from '../routes/queue.js';
import { ConfirmView } from '../views/confirm.js';
import { MoveQuestion, PurgeQuestion, RemoveQuestion } from '../views/queue-questions.js';
import { type Action, isAgreed, type Outcome } from './action.js';

const nameOf = (form: URLSearchParams) => form.get('name') ?? '';
const LONGEST_PAUSE_MINUTES = 30 * 24 * 60;
/** A move or removal of thousands stops after this: what is done stands, and the rest can be asked for again. */
const LONGEST_MS = 15_000;

export const pauseAll: Action = {
  name: 'pauseall',
  target: () => 'all workers',
  run: async ({ dashboard: { acting, keys } }) => {
    await setPause(acting, keys, true);
    const ignored = (await findUnpausable(acting, keys)).length;
    const but =
      ignored === 0 ? '' : ` ${counted(ignored, 'process', 'processes')} of goworker or node-resque ignore it.`;
    return done('queues', `Ruby and tsworker workers take no new jobs.${but}`, { paused: true, ignoredBy: ignored });
  },
};

export const resumeAll: Action = {
  name: 'resumeall',
  target: () => 'all workers',
  run: async ({ dashboard: { acting, keys } }) => {
    await setPause(acting, keys, false);
    return done('queues', 'The workers take jobs.', { paused: false });
  },
};

export const pauseOne: Action = {
  name: 'pause',
  target: nameOf,
  run: async (ask, form) => {
    const row = await rowOf(ask, nameOf(form));
    const minutes = /^\d{1,6}$/.test(form.get('minutes') ?? '') ? Number(form.get('minutes')) : 0;
    if (minutes > LONGEST_PAUSE_MINUTES)
      throw new HttpError(400, `a pause ends within ${LONGEST_PAUSE_MINUTES} minutes, or never`);
    const forMs = minutes === 0 ? undefined : minutes * 60_000;
    await pauseQueue(ask.dashboard.acting, ask.dashboard.keys, row.bytes, forMs);
    const until = forMs === undefined ? '' : ` for ${duration(forMs)}`;
    return done(toQueue(row), `The queue ${row.name} is paused${until}.`, { queue: row.name, minutes });
  },
};

export const resumeOne: Action = {
  name: 'resume',
  target: nameOf,
  run: async (ask, form) => {
    const row = await rowOf(ask, nameOf(form));
    const was = await resumeQueue(ask.dashboard.acting, ask.dashboard.keys, row.bytes);
    return done(toQueue(row), `The queue ${row.name} ${was ? 'is no longer paused' : 'was not paused'}.`, {
      queue: row.name,
    });
  },
};

/** All jobs that wait in it now, in their order. */
export const moveAll: Action = {
  name: 'move',
  target: (form) => `${nameOf(form)} → ${form.get('to') ?? ''}`,
  run: async (ask, form) => {
    const row = await rowOf(ask, nameOf(form));
    if (!isAgreed(form)) return moveQuestion(ask, row, form);
    const to = targetQueue(form, row);
    const { taken, isWhole } = await takeAll(ask, row, to, mostOf(form));
    const rest = isWhole ? '' : ' More are left: move again.';
    return done(toQueue(row), `${counted(taken, 'job')} moved to ${to.name}.${rest}`, {
      from: row.name,
      to: to.name,
      done: taken,
      isWhole,
    });
  },
};

/** All jobs that wait in it now; the queue stays. */
export const purge: Action = {
  name: 'purge',
  target: nameOf,
  run: async (ask, form) => {
    const row = await rowOf(ask, nameOf(form));
    if (!isAgreed(form)) return purgeQuestion(row, await lengthOf(ask, row), form);
    const { taken, isWhole } = await takeAll(ask, row, undefined, mostOf(form));
    const rest = isWhole ? '' : ' More are left: remove again.';
    return done(toQueue(row), `${counted(taken, 'job')} removed from ${row.name}.${rest}`, {
      queue: row.name,
      done: taken,
      isWhole,
    });
  },
};

export const removeAll: Action = {
  name: 'removequeue',
  target: nameOf,
  run: async (ask, form) => {
    const row = await rowOf(ask, nameOf(form));
    if (!isAgreed(form)) return removeQuestion(row, form);
    if (form.get('typed') !== row.name)
      throw new HttpError(400, `type the name of the queue, ${row.name}, to remove it`);
    const removed = await removeQueue(ask.dashboard.acting, ask.dashboard.keys, row);
    return done('queues', `The queue ${row.name} was removed; ${counted(removed, 'job')} went with it.`, {
      queue: row.name,
      removed,
    });
  },
};

export const moveJobs: Action = {
  name: 'movejobs',
  target: (form) => `${nameOf(form)} → ${form.get('to') ?? ''}: ${form.getAll('job').length}`,
  run: async (ask, form) => {
    const row = await rowOf(ask, nameOf(form));
    const to = targetQueue(form, row);
    return await takeChosen(ask, row, form, to);
  },
};

export const removeJobs: Action = {
  name: 'removejobs',
  target: (form) => `${nameOf(form)}: ${form.getAll('job').length}`,
  run: async (ask, form) => {
    const row = await rowOf(ask, nameOf(form));
    const named = chosen(form);
    if (isAgreed(form)) return await takeChosen(ask, row, form, undefined);
    const title = `Remove ${counted(named.length, 'job')} of ${row.name}?`;
    const view = ConfirmView({
      ...{ title, action: 'removejobs', form, button: `Remove ${counted(named.length, 'job')}`, back: toQueue(row) },
      children: RemoveQuestion({ what: 'They are gone then: nobody runs them, and nothing keeps them.' }),
    });
    return { kind: 'confirm', title, view, preview: { queue: row.name, jobs: named.length } };
  },
};

export const release: Action = {
  name: 'release',
  target: nameOf,
  run: async (ask, form) => {
    const row = await rowOf(ask, nameOf(form));
    const released = await releaseQuarantined(ask.dashboard.acting, ask.dashboard.keys, row.name);
    return done(toQueue(row), `${counted(released, 'job')} put back to the head of ${row.name}.`, {
      queue: row.name,
      released,
    });
  },
};

async function takeChosen(
  ask: Ask,
  row: QueueRow,
  form: URLSearchParams,
  to: ReturnType<typeof queueNameOf> | undefined,
): Promise<Outcome> {
  const named = chosen(form);
  const taken = await takeNamed(ask.dashboard.acting, ask.dashboard.keys, row, named, to);
  const gone = named.length - taken.length;
  const left = gone === 0 ? '' : ` ${counted(gone, 'job')} no longer there: a worker took it.`;
  const what = to === undefined ? 'removed' : `moved to ${to.name}`;
  return done(toQueue(row), `${counted(taken.length, 'job')} ${what}.${left}`, {
    queue: row.name,
    to: to?.name ?? null,
    done: taken.length,
    gone,
  });
}

/** Up to as many as there were when it was agreed to, page by page. */
async function takeAll(
  { dashboard: { acting, keys } }: Ask,
  row: QueueRow,
  to: ReturnType<typeof queueNameOf> | undefined,
  most: number,
) {
  const until = performance.now() + LONGEST_MS;
  let taken = 0;
  for await (const page of takeQueued(acting, keys, row, { filter: {}, to, most })) {
    taken += page.taken.length;
    if (performance.now() > until) return { taken, isWhole: taken >= most };
  }
  return { taken, isWhole: true };
}

function chosen(form: URLSearchParams): NamedJob[] {
  const named = form.getAll('job').flatMap((text) => {
    const [, index, sha1] = /^(\d{1,12})-([0-9a-f]{40})$/.exec(text) ?? [];
    return index === undefined ? [] : [{ index: Number(index), sha1 }];
  });
  if (named.length === 0) throw new HttpError(400, 'no job is chosen');
  return named.slice(0, 500);
}

/** @throws HttpError where it is no name of a queue, or the same */
function targetQueue(form: URLSearchParams, from: QueueRow) {
  const to = (form.get('to') ?? '').trim();
  try {
    checkQueueName(to, 'the target');
  } catch (error) {
    throw new HttpError(400, error instanceof Error ? error.message : String(error));
  }
  if (to === from.name) throw new HttpError(400, 'the queues are the same');
  return queueNameOf(Buffer.from(to));
}

function mostOf(form: URLSearchParams): number {
  const text = form.get('most') ?? '';
  if (!/^\d{1,12}$/.test(text)) throw new HttpError(400, 'it is not said how many jobs were agreed to');
  return Number(text);
}

async function moveQuestion(ask: Ask, row: QueueRow, form: URLSearchParams): Promise<Outcome> {
  const jobs = await lengthOf(ask, row);
  const to = (form.get('to') ?? '').trim();
  const title = `Move ${counted(jobs, 'job')} of ${row.name}?`;
  const names = (ask.snapshot.queues?.rows ?? []).map(({ name }) => name).filter((name) => name !== row.name);
  const view = ConfirmView({
    ...{ title, action: 'move', button: 'Move them', isDangerous: false, back: toQueue(row) },
    form: new URLSearchParams({ name: row.name, most: String(jobs) }),
    cli: `tsworker queues move ${quoted(row.name)} ${to === '' ? '<queue>' : quoted(to)}`,
    children: MoveQuestion({ to, names: names.slice(0, 1000) }),
  });
  return { kind: 'confirm', title, view, preview: { queue: row.name, most: jobs } };
}

/** Now: what is shown may be some seconds old. */
async function lengthOf({ dashboard: { acting, keys } }: Ask, row: QueueRow): Promise<number> {
  return Number(await acting.send(['LLEN', keyOf(keys, row)]));
}

function purgeQuestion(row: QueueRow, jobs: number, form: URLSearchParams): Outcome {
  const title = `Remove all ${counted(jobs, 'job')} of ${row.name}?`;
  const sent = new URLSearchParams(form);
  sent.set('most', String(jobs));
  const view = ConfirmView({
    ...{ title, action: 'purge', form: sent, button: `Remove ${counted(jobs, 'job')}`, back: toQueue(row) },
    children: PurgeQuestion(),
  });
  return { kind: 'confirm', title, view, preview: { queue: row.name, most: jobs } };
}

function removeQuestion(row: QueueRow, form: URLSearchParams): Outcome {
  const title = `Remove the queue ${row.name}?`;
  const view = ConfirmView({
    ...{ title, action: 'removequeue', form, button: 'Remove the queue', back: toQueue(row) },
    cli: `tsworker queues remove ${quoted(row.name)}`,
    children: RemoveQuestion({ what: `${counted(row.size ?? 0, 'job')} in it would be gone.`, typed: row.name }),
  });
  return { kind: 'confirm', title, view, preview: { queue: row.name, jobs: row.size ?? null } };
}

function toQueue({ name }: QueueRow): string {
  return link('queue', { name });
}

function done(to: string, note: string, result: Readonly<Record<string, unknown>>): Outcome {
  return { kind: 'done', to, note, result };
}
