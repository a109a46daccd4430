/** Removes the entries that are named, after a look at them. They can be brought back for an hour. */
import { ConfirmNamed } from '../../views/confirm-named.js';
import { type Action, isAgreed } from '../action.js';
import { doAtOnce, entriesOf, namesOf, namesText } from './named.js';

export const removeAction: Action = {
  name: 'remove',
  target: namesText,
  run: async (ask, form) => {
    const entries = await entriesOf(ask, form);
    if (!isAgreed(form)) {
      const view = ConfirmNamed({ ask, entries, action: 'remove', form });
      return { kind: 'confirm', title: 'Remove?', view, preview: { remove: entries.length } };
    }
    const missing = namesOf(form).length - entries.length;
    const deed = {
      entries,
      action: { kind: 'remove' },
      title: 'selected entries',
      filter: {},
      again: true,
      missing,
    } as const;
    return await doAtOnce(ask, deed, form);
  },
};
