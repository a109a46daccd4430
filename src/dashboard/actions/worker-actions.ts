/** What is done to workers: the dead are removed, and their jobs recovered. */
import { counted } from '../../format.js';
import { findDead, pruneNow } from '../../inspect/prune.js';
import type { Ask } from '../routes/page.js';
import { ConfirmView } from '../views/confirm.js';
import { PruneQuestion } from '../views/prune-question.js';
import { type Action, isAgreed } from './action.js';

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
