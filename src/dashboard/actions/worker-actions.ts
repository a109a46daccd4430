/** What is done to workers: the dead are removed, and their jobs recovered. */
import { counted } from '../../format.js';
import { type OrderReport, sendCancel, sendToProcess } from '../../inspect/orders.js';
import { findDead, pruneNow } from '../../inspect/prune.js';
import { type Ask, HttpError, link } from '../routes/page.js';
import { ConfirmView } from '../views/confirm.js';
import { PruneQuestion } from '../views/prune-question.js';
import { type Action, isAgreed, type Outcome } from './action.js';

/** An order is answered at once, or after a job had its time: a browser waits no longer. */
const PATIENCE_MS = 6000;

/** Only a worker that is registered. */
async function registered({ dashboard: { acting, keys } }: Ask, id: string): Promise<string> {
  if (Number(await acting.send(['SISMEMBER', keys.workers, id])) !== 1)
    throw new HttpError(404, `there is no worker ${JSON.stringify(id)} any more`);
  return id;
}

export const cancelJob: Action = {
  name: 'canceljob',
  target: (form) => form.get('id') ?? '',
  run: async (ask, form) => {
    const id = await registered(ask, form.get('id') ?? '');
    const report = await sendCancel(ask.dashboard.acting, ask.dashboard.keys, id, 'fail', PATIENCE_MS);
    return ordered(link('worker', { id }), report, { answered: 'The job was cancelled' });
  },
};

function orderAction(
  name: 'quietworker' | 'resumeworker' | 'stopworker',
  kind: 'quiet' | 'resume' | 'stop',
  said: string,
): Action {
  return {
    name,
    target: (form) => form.get('id') ?? '',
    run: async (ask, form) => {
      const id = await registered(ask, form.get('id') ?? '');
      const process = /^[^:]+:\d+/.exec(id)?.[0] ?? id;
      const report = await sendToProcess(ask.dashboard.acting, ask.dashboard.keys, process, kind, PATIENCE_MS);
      return ordered(kind === 'stop' ? 'workers' : link('worker', { id }), report, { answered: `${process} ${said}` });
    },
  };
}

export const quietWorker = orderAction('quietworker', 'quiet', 'takes no new jobs');
export const resumeWorker = orderAction('resumeworker', 'resume', 'takes jobs');
export const stopWorker = orderAction('stopworker', 'stop', 'ends its jobs and stops');

const UNSENT = {
  foreign: 'It is no worker of tsworker: only those take orders.',
  idle: 'It runs no job now.',
  nobody: 'Nobody listens: its process has ended, or has no connection.',
  silent: 'The order was sent, and nothing came of it yet.',
} as const;

function ordered(to: string, report: OrderReport, { answered }: { readonly answered: string }): Outcome {
  const note =
    report.kind === 'answered'
      ? `${answered}${report.result === 'accepted' ? '' : `: ${report.result}`}.`
      : UNSENT[report.kind];
  return { kind: 'done', to, note, result: { ...report } };
}

export const prune: Action = {
  name: 'prune',
  target: () => 'dead workers',
  run: async (ask, form) => {
    const options = optionsOf(ask);
    const { acting } = ask.dashboard;
    if (!isAgreed(form)) {
      const { dead, graceMs, leftovers } = await findDead(acting, options);
      const title = `Prune ${counted(dead.length, 'dead worker')}?`;
      const workers = dead.map(({ worker }) => ({ id: worker.id, job: worker.job?.class, ours: worker.ours }));
      const view = ConfirmView({
        ...{ title, action: 'prune', form, button: `Prune ${counted(dead.length, 'worker')}`, back: 'workers' },
        cli: 'tsworker workers prune',
        children: PruneQuestion({
          workers,
          graceMs,
          leftovers: leftovers.length,
          onDead: ask.dashboard.options.onDead,
        }),
      });
      return { kind: 'confirm', title, view, preview: { workers, graceMs, leftovers: leftovers.length } };
    }
    const pruned = await pruneNow(acting, options);
    const { workers } = pruned;
    const jobs = workers.filter(({ job }) => job !== undefined).length;
    const rest = pruned.kind === 'locked' ? ` ${pruned.by} prunes now: others are its matter.` : '';
    return {
      kind: 'done',
      to: 'workers',
      note: `${counted(workers.length, 'worker')} pruned, ${counted(jobs, 'job')} recovered.${rest}`,
      result: { pruned: workers.map(({ id }) => id), jobs, locked: pruned.kind === 'locked' },
    };
  },
};

function optionsOf({ dashboard: { options } }: Ask) {
  const { namespace, label, forcePrune, onDead, heartbeatMs, pruneAfterMs } = options;
  return { namespace, label, forcePrune, onDead, heartbeatMs, pruneAfterMs };
}
