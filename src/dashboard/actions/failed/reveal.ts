/** Shows one payload without masks. The audit says who has seen which. */

import { entryOf, modelOf } from '../../routes/failure.js';
import { FailureView } from '../../views/failure.js';
import type { Action } from '../action.js';

export const revealAction: Action = {
  name: 'reveal',
  target: (form) => `${form.get('n') ?? ''}@${form.get('id') ?? ''}`,
  run: async (ask, form) => {
    const model = await modelOf(ask, await entryOf(ask, form));
    const revealed = model.entry.unreadable === undefined ? model.entry.payload : model.listed.raw.toString();
    const view = FailureView({ model: { ...model, revealed }, ask });
    return {
      kind: 'page',
      title: 'Revealed',
      view,
      result: { id: model.id },
      json: { id: model.id, payload: revealed },
    };
  },
};
