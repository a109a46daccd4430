/** One failure: all that is known of it, masked. */
import { entryId, FailedEntry, failureTime } from '../../inspect/failed/entry.js';
import { fingerprint } from '../../inspect/failed/fingerprint.js';
import type { Listed } from '../../inspect/failed/list.js';
import { countMatching, samePayload } from '../failures/summary.js';
import { payloadHash } from '../failures/table.js';
import { type FailureModel, FailureView } from '../views/failure.js';
import { failureJson } from './failure-json.js';
import { type Ask, definePage, HttpError, wholeNumber } from './page.js';

const OTHERS_SHOWN = 10;

export const failurePage = definePage<FailureModel>({
  path: 'failure',
  title: ({ entry }) => `${entry.class === '' ? 'A failure' : entry.class} failed`,
  parent: 'failed',
  load: async (ask) => modelOf(ask, await entryOf(ask, ask.query)),
  json: ({ listed }, { dashboard }) => failureJson(listed, dashboard.failures.redactor),
  view: (model, ask) => FailureView({ model, ask }),
});

/** @throws HttpError where it is gone */
export async function entryOf({ dashboard }: Ask, fields: URLSearchParams): Promise<Listed> {
  const n = wholeNumber(fields.get('n'), { min: 0, max: Number.MAX_SAFE_INTEGER, fallback: -1 });
  const id = fields.get('id') ?? '';
  if (n === -1 || !/^[0-9a-f]{16,40}$/.test(id)) throw new HttpError(400, 'an entry is named by n and id');
  const found = await dashboard.once.get(`entry ${n} ${id}`, () => dashboard.failures.find(n, id));
  if (found === undefined)
    throw new HttpError(404, 'this failure is gone: it was retried, removed or changed, here or by another program');
  return found;
}

export async function modelOf({ dashboard }: Ask, listed: Listed): Promise<FailureModel> {
  const { failures } = dashboard;
  await failures.keeper.want();
  const { table } = failures.index;
  const entry = new FailedEntry(listed.raw);
  const payload = payloadHash(entry, listed.raw);
  const rows = payload.a === 0 && payload.b === 0 ? [] : samePayload(table, payload, OTHERS_SHOWN + 1);
  const others = await failures.read(rows.filter((n) => n !== listed.n));
  const kind = fingerprint(entry);
  return {
    ...{ listed, entry, kind, shown: failures.redactor.failure(entry), at: failureTime(entry) },
    id: entryId(listed.raw),
    alike: countMatching(table, { kind }),
    others: others.map((other) => ({ listed: other, at: failureTime(new FailedEntry(other.raw)) })),
    revealed: undefined,
  };
}
