/**
 * `tsworker failed retry`, `remove` and `clear`: selects the entries, asks for confirmation, and reports the result.
 */
import { TsworkerError } from '../../../errors.js';
import { counted } from '../../../format.js';
import { Sweep } from '../../../inspect/failed/bulk.js';
import { removeNamed, resolveTargets } from '../../../inspect/failed/by-index.js';
import { isFiltered } from '../../../inspect/failed/filter.js';
import { FailedList } from '../../../inspect/failed/list.js';
import { Pace } from '../../../inspect/failed/pace.js';
import { preview } from '../../../inspect/failed/preview.js';
import { Remover } from '../../../inspect/failed/remove.js';
import { type Action, type Chosen, choose } from '../../../inspect/failed/select.js';
import { EXIT } from '../../command.js';
import { confirm } from '../../confirm.js';
import { say } from '../../io.js';
import { placeOf, type Session } from '../../session.js';
import { FailedCounts } from './counts.js';
import { type FailedCall, filterOf, filterText } from './filter.js';
import { follow } from './follow.js';
import { report } from './report.js';
import { ambiguousText, readTargets, targetText } from './targets.js';

export function retry(call: FailedCall, session: Session): Promise<number> {
  const { words, flags } = call;
  const action = { kind: 'retry', to: flags.to } as const;
  const filtered = isFiltered(filterOf(flags));
  if (words.length === 0 && !filtered && !flags.all)
    throw usage('say which jobs to retry', 'N, a filter such as -class=X, or --all; tsworker failed list shows them');
  if (words.length > 0 && flags.all) throw usage('either N or --all, not both', '--all takes filters');
  return words.length > 0 ? named(call, session, action) : all(call, session, action);
}

export function remove(call: FailedCall, session: Session): Promise<number> {
  if (call.words.length > 0) return named(call, session, { kind: 'remove' });
  if (isFiltered(filterOf(call.flags))) return all(call, session, { kind: 'remove' });
  throw usage('say which jobs to remove', 'N, or a filter such as -class=X; tsworker failed clear removes all');
}

export function clear(call: FailedCall, session: Session): Promise<number> {
  return all(call, session, { kind: 'remove' });
}

function usage(message: string, hint: string): TsworkerError {
  return new TsworkerError('USAGE', message, { hint });
}

async function named(call: FailedCall, session: Session, action: Action): Promise<number> {
  const { words, flags, io } = call;
  if (isFiltered(filterOf(flags))) throw usage('either N or filters, not both', 'the filters choose among all entries');
  const { connection, keys } = session;
  const list = new FailedList(connection, keys);
  const targets = readTargets(words);
  const { found, missing, ambiguous } = await resolveTargets(list, targets, (one) => choose(one, action, true));
  for (const target of missing) say(io, `there is no entry ${targetText(target)}`);
  for (const one of ambiguous) say(io, `${ambiguousText(one)}`);
  const counts = new FailedCounts();
  const result = { action, counts, missing: missing.length + ambiguous.length, of: found.length };
  if (flags['dry-run']) {
    counts.add(found.flatMap(({ removal, brief }) => (removal === undefined ? [] : [brief])));
    counts.leave(found.flatMap(({ why, brief }) => (why === undefined ? [] : [{ ...brief, why }])));
    return report(call, { ...result, interrupted: false });
  }
  if (action.kind === 'remove' && !(await agreed(call, session, found))) return nothingRemoved(call);
  const pace = new Pace(flags.rate);
  const steps = removeNamed(list, new Remover(connection, keys), found, pace.step);
  const interrupted = await follow(call, { action, counts, pace, of: () => found.length }, steps);
  return report(call, { ...result, interrupted });
}

async function agreed({ io, flags }: FailedCall, session: Session, found: readonly Chosen[]): Promise<boolean> {
  if (found.length === 0) return true;
  return await confirm(io, `remove ${counted(found.length, 'failed job')} from ${placeOf(session)}`, flags.yes);
}

function nothingRemoved({ io }: FailedCall): number {
  io.err('nothing was removed\n');
  return EXIT.problem;
}

async function all(call: FailedCall, session: Session, action: Action): Promise<number> {
  const { flags } = call;
  const { connection, keys } = session;
  const list = new FailedList(connection, keys);
  if (flags['dry-run']) return await foresee(call, list, action);
  const most = action.kind === 'remove' ? await ask(call, session, list) : Number.POSITIVE_INFINITY;
  if (most === undefined) return nothingRemoved(call);
  const pace = new Pace(flags.rate);
  const options = { action, filter: filterOf(flags), most, ...(pace.step === undefined ? {} : { step: pace.step }) };
  const sweep = new Sweep(list, new Remover(connection, keys), options);
  const counts = new FailedCounts();
  let of = 0;
  const steps = async function* () {
    for await (const step of sweep.steps()) {
      of = step.of;
      yield step;
    }
  };
  const interrupted = await follow(call, { action, counts, pace, of: () => of }, steps());
  counts.leave(sweep.left);
  return report(call, { action, counts, missing: 0, of, interrupted });
}

async function foresee(call: FailedCall, list: FailedList, action: Action): Promise<number> {
  const counts = new FailedCounts();
  let of = 0;
  for await (const step of preview(list, action, filterOf(call.flags))) {
    of = step.of;
    counts.add(step.taken);
    counts.leave(step.left);
  }
  return report(call, { action, counts, missing: 0, of, interrupted: false });
}

/** How many of the oldest entries the user has agreed to; undefined: the user declined. */
async function ask({ io, flags }: FailedCall, session: Session, list: FailedList): Promise<number | undefined> {
  const filter = filterOf(flags);
  const which = (jobs: string) => `remove ${jobs}${filterText(filter)} from ${placeOf(session)}`;
  if (flags.yes) return Number.POSITIVE_INFINITY;
  if (!io.interactive) return (await confirm(io, which('the failed jobs'), false)) ? 0 : undefined;
  const length = await list.length();
  let matching = length;
  if (isFiltered(filter)) {
    matching = 0;
    for await (const { taken } of preview(list, { kind: 'remove' }, filter)) matching += taken.length;
  }
  if (matching === 0) return 0;
  return (await confirm(io, which(counted(matching, 'failed job')), false)) ? length : undefined;
}
