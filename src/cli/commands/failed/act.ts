/** `tsworker failed retry`, `remove` and `clear`: which entries are meant, whether they may, and what came of it. */
import { TsworkerError } from '../../../errors.js';
import { Sweep } from '../../../inspect/failed/bulk.js';
import { resolveTargets, settleNamed } from '../../../inspect/failed/by-index.js';
import { isFiltered } from '../../../inspect/failed/filter.js';
import { FailedList } from '../../../inspect/failed/list.js';
import { preview } from '../../../inspect/failed/preview.js';
import { Settler } from '../../../inspect/failed/remove.js';
import type { Deed } from '../../../inspect/failed/select.js';
import { EXIT } from '../../command.js';
import { confirm } from '../../confirm.js';
import { count, counted } from '../../format.js';
import { interruptible } from '../../interrupt.js';
import { Progress } from '../../progress.js';
import { placeOf, type Session } from '../../session.js';
import { type FailedCall, filterOf, filterText } from './filter.js';
import { DONE, report } from './report.js';
import { Tally } from './tally.js';
import { readTargets, targetText } from './targets.js';

export function retry(call: FailedCall, session: Session): Promise<number> {
  const { words, flags } = call;
  const filtered = isFiltered(filterOf(flags));
  if (words.length === 0 && !filtered && !flags.all)
    throw usage('say which jobs to retry', 'N, a filter such as -class=X, or --all; tsworker failed list shows them');
  if (words.length > 0 && flags.all) throw usage('either N or --all, not both', '--all takes filters');
  return words.length > 0 ? named(call, session, 'retry') : all(call, session, 'retry');
}

export function remove(call: FailedCall, session: Session): Promise<number> {
  if (call.words.length > 0) return named(call, session, 'remove');
  if (isFiltered(filterOf(call.flags))) return all(call, session, 'remove');
  throw usage('say which jobs to remove', 'N, or a filter such as -class=X; tsworker failed clear removes all');
}

export function clear(call: FailedCall, session: Session): Promise<number> {
  return all(call, session, 'remove');
}

function usage(message: string, hint: string): TsworkerError {
  return new TsworkerError('USAGE', message, { hint });
}

async function named(call: FailedCall, session: Session, deed: Deed): Promise<number> {
  const { words, flags, io } = call;
  if (isFiltered(filterOf(flags))) throw usage('either N or filters, not both', 'the filters choose among all entries');
  const { connection, keys } = session;
  const list = new FailedList(connection, keys);
  const { chosen, missing } = await resolveTargets(list, readTargets(words), deed);
  const tally = new Tally();
  for (const target of missing) io.err(`tsworker: there is no entry ${targetText(target)}\n`);
  if (flags['dry-run']) {
    tally.add(chosen.flatMap(({ pick, brief }) => (pick === undefined ? [] : [brief])));
    tally.leave(chosen.flatMap(({ why, brief }) => (why === undefined ? [] : [{ ...brief, why }])));
    return report(call, { deed, tally, missing: missing.length, of: chosen.length, interrupted: false });
  }
  const interrupted = await follow(call, deed, tally, async (over) => {
    for await (const { taken, left } of settleNamed(list, new Settler(connection, keys), chosen)) {
      tally.add(taken);
      tally.leave(left);
      if (over()) return;
    }
  });
  return report(call, { deed, tally, missing: missing.length, of: chosen.length, interrupted });
}

async function all(call: FailedCall, session: Session, deed: Deed): Promise<number> {
  const { flags, io } = call;
  const { connection, keys } = session;
  const list = new FailedList(connection, keys);
  if (flags['dry-run']) return await foresee(call, list, deed);
  const seen = deed === 'remove' ? await ask(call, session, list) : Number.POSITIVE_INFINITY;
  if (seen === undefined) {
    io.err('nothing was removed\n');
    return EXIT.problem;
  }
  const sweep = new Sweep(list, new Settler(connection, keys), deed, filterOf(flags), seen);
  const tally = new Tally();
  let of = 0;
  const progress = new Progress(io);
  const interrupted = await follow(call, deed, tally, async (over) => {
    try {
      for await (const step of sweep.steps()) {
        of = step.of;
        tally.add(step.taken);
        progress.show(() => `${count(step.seen)} of ${count(step.of)}: ${count(tally.taken)} ${DONE[deed]}`);
        if (over()) return;
      }
    } finally {
      progress.clear();
    }
  });
  tally.leave(sweep.left);
  return report(call, { deed, tally, missing: 0, of, interrupted });
}

async function foresee(call: FailedCall, list: FailedList, deed: Deed): Promise<number> {
  const tally = new Tally();
  let of = 0;
  for await (const step of preview(list, deed, filterOf(call.flags))) {
    of = step.of;
    tally.add(step.taken);
    tally.leave(step.left);
  }
  return report(call, { deed, tally, missing: 0, of, interrupted: false });
}

/** How many entries, the oldest, were there when it was agreed to; undefined: it was not. */
async function ask({ io, flags }: FailedCall, session: Session, list: FailedList): Promise<number | undefined> {
  const filter = filterOf(flags);
  const which = (jobs: string) => `remove ${jobs}${filterText(filter)} from ${placeOf(session)}`;
  if (flags.yes) return Number.POSITIVE_INFINITY;
  if (!io.interactive) return (await confirm(io, which('the failed jobs'), false)) ? 0 : undefined;
  const length = await list.length();
  let matching = length;
  if (isFiltered(filter)) {
    matching = 0;
    for await (const { taken } of preview(list, 'remove', filter)) matching += taken.length;
  }
  if (matching === 0) return 0;
  return (await confirm(io, which(counted(matching, 'failed job')), false)) ? length : undefined;
}

/**
 * Does it until it is done or interrupted. What was done before the connection was lost is told before the error is.
 * @returns whether it was interrupted
 */
async function follow(
  { io }: FailedCall,
  deed: Deed,
  tally: Tally,
  work: (over: () => boolean) => Promise<void>,
): Promise<boolean> {
  return await interruptible(async (signal) => {
    try {
      await work(() => signal.aborted);
    } catch (error) {
      io.err(`tsworker: ${counted(tally.taken, 'job')} ${DONE[deed]}; ${UNSURE}\n`);
      throw error;
    }
    return signal.aborted;
  });
}

const UNSURE = 'of the last step, all or nothing has happened, and every job is in its queue or in the failed list';
