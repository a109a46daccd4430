/** Retries the entries that are named: a few at once, many after a look at what would happen. */
import { ConfirmNamed } from '../../views/confirm-named.js';
import { type Action, isAgreed } from '../action.js';
import { doAtOnce, entriesOf, namesOf, namesText, queueOf } from './named.js';

const MOST_UNASKED = 10;

export const retryAction: Action = {
  name: 'retry',
  target: namesText,
  run: async (ask, form) => {
    const to = queueOf(ask, form);
    const entries = await entriesOf(ask, form);
    if (entries.length > MOST_UNASKED && !isAgreed(form)) {
      const view = ConfirmNamed({ ask, entries, action: 'retry', form });
      return { kind: 'confirm', title: 'Retry?', view, preview: { retry: entries.length } };
    }
    const missing = namesOf(form).length - entries.length;
    const deed = {
      entries,
      action: { kind: 'retry', to },
      title: 'selected entries',
      filter: {},
      again: true,
      missing,
    } as const;
    return await doAtOnce(ask, deed, form);
  },
};
