/** Stops an operation between two steps; brings back what one has removed. */
import { OperationBusyError } from '../operations/operations.js';
import type { OperationRecord } from '../operations/record.js';
import { type Ask, HttpError } from '../routes/page.js';
import type { Action } from './action.js';

export const cancelAction: Action = {
  name: 'cancel',
  target: idText,
  run: async (ask, form) => {
    const record = await recordOf(ask, form);
    if (record.state !== 'running')
      throw new HttpError(409, `this operation does not run any more: it is ${record.state}`);
    await ask.dashboard.operations.cancel(record.id);
    return {
      kind: 'done',
      to: `operation?id=${record.id}`,
      note: 'It stops after the step that it is at. What was done stands.',
      result: { cancelled: record.id },
    };
  },
};

export const undoAction: Action = {
  name: 'undo',
  target: idText,
  run: async (ask, form) => {
    const record = await recordOf(ask, form);
    const { kind, undoneBy, undoUntil = 0, state } = record;
    if (kind !== 'remove') throw new HttpError(409, 'only a removal can be undone');
    if (undoneBy !== undefined) throw new HttpError(409, 'it was undone already');
    if (state === 'running') throw new HttpError(409, 'it still runs: cancel it first');
    if (undoUntil < Date.now()) throw new HttpError(409, 'what it removed is not kept any more');
    try {
      const { id } = await ask.dashboard.operations.undo(record, ask.user.name);
      return { kind: 'started', operation: id, to: `operation?id=${id}` };
    } catch (error) {
      if (error instanceof OperationBusyError) throw new HttpError(409, error.message);
      throw error;
    }
  },
};

function idText(form: URLSearchParams): string {
  return form.get('id') ?? '';
}

async function recordOf({ dashboard }: Ask, form: URLSearchParams): Promise<OperationRecord> {
  const record = await dashboard.operations.records.read(form.get('id') ?? '');
  if (record === undefined) throw new HttpError(404, 'there is no such operation');
  return record;
}
