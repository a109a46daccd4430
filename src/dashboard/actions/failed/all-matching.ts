/**
 * Retries or removes all failures that match: a page says what would happen, and the operation is bounded to that. What fails
 * from then on is not touched.
 */
import { counted } from '../../../format.js';
import type { Anchor } from '../../../inspect/failed/list.js';
import { type FailureFilter, filterFields, isFiltered, readFilter } from '../../failures/filter.js';
import { readNames } from '../../failures/named.js';
import { MOST_KEPT, MOST_KEPT_BYTES, OperationBusyError, type OperationPlan } from '../../operations/operations.js';
import { type Ask, HttpError } from '../../routes/page.js';
import { type AllPreview, ConfirmAll } from '../../views/confirm-all.js';
import { type Action, isAgreed, type Outcome } from '../action.js';
import { queueOf } from './named.js';

/** As long as somebody waits for a page. */
const SURVEY_MS = 8000;
const NEARLY_FULL = 0.8;
export const RATES = ['1', '10', '100', '1000'] as const;

export const retryAllAction: Action = {
  name: 'retry-all',
  target: filterText,
  run: (ask, form) => run(ask, form, 'retry'),
};

export const removeAllAction: Action = {
  name: 'remove-all',
  target: filterText,
  run: (ask, form) => run(ask, form, 'remove'),
};

export function filterText(form: URLSearchParams): string {
  const fields = filterFields(readFilter(form, Date.now()));
  const text = Object.entries(fields).map(([name, value]) => `${name}=${value}`);
  return text.length === 0 ? 'all' : text.join(' ');
}

/** What is meant, in words. */
export function titleOf({ dashboard }: Ask, filter: FailureFilter): string {
  const { kind, ...others } = filter;
  const { groups } = dashboard.failures.index.table;
  const known = kind === undefined ? undefined : groups.find(kind);
  const { class: name, exception, message } = known ?? { class: kind ?? '', exception: '', message: '' };
  const ofKind = [name, exception, message].filter((text) => text !== '').join(' · ');
  const rest = Object.entries(filterFields(others)).map(([field, value]) => `${field} ${value}`);
  if (!isFiltered(filter)) return 'all failed jobs';
  return [...(ofKind === '' ? [] : [ofKind]), ...rest].join(', ').slice(0, 300);
}

async function run(ask: Ask, form: URLSearchParams, kind: 'retry' | 'remove'): Promise<Outcome> {
  const filter = readFilter(form, ask.now);
  const agreement = isAgreed(form) ? agreementOf(form) : undefined;
  if (agreement === undefined) return await confirm(ask, form, kind, filter);
  if (kind === 'remove' && !agreement.keeps && form.get('typed') !== String(agreement.agreed))
    throw new HttpError(409, `type ${agreement.agreed}, the number of jobs, to remove them permanently`);
  const plan: OperationPlan = {
    ...{ kind, filter, title: titleOf(ask, filter), agreed: agreement.agreed, upTo: agreement.upTo },
    ...(kind === 'retry' ? { to: queueOf(ask, form), rate: rateOf(form) } : { keeps: agreement.keeps }),
  };
  try {
    const { id } = await ask.dashboard.operations.start(plan, ask.user.name);
    return { kind: 'started', operation: id, to: `operation?id=${id}` };
  } catch (error) {
    if (error instanceof OperationBusyError) throw new HttpError(409, error.message);
    throw error;
  }
}

function rateOf(form: URLSearchParams): number | undefined {
  return RATES.find((one) => one === form.get('rate')) === undefined ? undefined : Number(form.get('rate'));
}

interface Agreement {
  readonly agreed: number;
  readonly upTo: readonly Anchor[];
  readonly keeps: boolean;
}

/** What the page has shown, as its form sends it back. */
function agreementOf(form: URLSearchParams): Agreement | undefined {
  const upTo = readNames((form.get('upto') ?? '').split(' ').filter((name) => name !== ''));
  const count = form.get('jobs') ?? '';
  if (upTo === undefined || upTo.length === 0 || upTo.length > 50 || !/^[1-9]\d{0,9}$/.test(count)) return undefined;
  const agreed = Number(count);
  return { agreed, upTo, keeps: form.get('keeps') === 'yes' && agreed <= MOST_KEPT };
}

async function confirm(
  ask: Ask,
  form: URLSearchParams,
  kind: AllPreview['kind'],
  filter: FailureFilter,
): Promise<Outcome> {
  const { failures } = ask.dashboard;
  // First, so that what is counted was there then: whatever comes later is left out by both.
  const upTo = await failures.anchors();
  const survey = await failures.survey(filter, SURVEY_MS);
  if (survey === undefined) throw new HttpError(409, notYet(ask));
  const retried = kind === 'retry' && filter.retried === undefined ? survey.retried : 0;
  const jobs = survey.matching - retried;
  if (jobs === 0) throw new HttpError(409, 'no failure matches any more');
  const preview: AllPreview = {
    ...{
      kind,
      filter,
      title: titleOf(ask, filter),
      jobs,
      left: retried,
      keeps: kind === 'remove' && mayKeep(ask, jobs),
    },
    upTo: upTo.map(({ n, id }) => `${n}@${id.slice(0, 16)}`).join(' '),
    queues: survey.queues.map(({ name, count }) => {
      return { name, jobs: count, workers: ask.snapshot.workers?.serving(name) };
    }),
  };
  const title = `${kind === 'retry' ? 'Retry' : 'Remove'} ${counted(jobs, 'job')}?`;
  const back = form.get('back') ?? undefined;
  return { kind: 'confirm', title, view: ConfirmAll({ ask, preview, back }), preview };
}

function notYet({ dashboard: { failures } }: Ask): string {
  const { index } = failures;
  if (!index.isComplete)
    return `${index.table.size} of ${index.total} failures have been read so far: how many match is not known yet. Try again soon`;
  return 'not all failures could be searched in time: choose a class, a queue or a time as well, or use tsworker failed';
}

/** Memory for an undo: as much as an hour may cost, and only where Redis has it. */
function mayKeep({ snapshot: { health }, dashboard }: Ask, jobs: number): boolean {
  const isFull = health !== undefined && health.maxMemory > 0 && health.usedMemory > health.maxMemory * NEARLY_FULL;
  return jobs <= MOST_KEPT && jobs * dashboard.failures.index.meanBytes <= MOST_KEPT_BYTES && !isFull;
}
