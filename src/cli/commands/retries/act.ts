/** `tsworker retries run`, `fail` and `remove`: selects the jobs, asks for confirmation, and reports the result. */
import { TsworkerError } from '../../../errors.js';
import { count, counted } from '../../../format.js';
import {
  type RetryFilter,
  type RetryJob,
  retryEntry,
  retryPayload,
  takeMatchingRetries,
  walkRetries,
} from '../../../inspect/retries.js';
import type { RetryDestination } from '../../../resque/retries.js';
import { EXIT } from '../../command.js';
import { confirm } from '../../confirm.js';
import { INTERRUPTED, interruptible } from '../../interrupt.js';
import { printLine, say } from '../../io.js';
import { printDocument } from '../../json.js';
import { Progress } from '../../progress.js';
import { placeOf, type Session } from '../../session.js';
import { filterOf, type RetriesCall } from './filter.js';

type Verb = 'run' | 'fail' | 'remove';

const DONE: Readonly<Record<Verb, string>> = { run: 'enqueued', fail: 'moved to the failed list', remove: 'removed' };
const DESTINATIONS: Readonly<Record<Verb, (job: RetryJob) => RetryDestination>> = {
  run: (job) => ({ to: 'queue', payload: retryPayload(job) }),
  fail: (job) => ({ to: 'failed', entry: retryEntry(job) }),
  remove: () => ({ to: 'nowhere' }),
};

interface Result {
  readonly verb: Verb;
  taken: number;
  gone: number;
  refused: number;
  interrupted: boolean;
}

export async function act(call: RetriesCall, session: Session): Promise<number> {
  const verb = call.verb as Verb;
  const filter = filterOf(call);
  const filtered = Object.values(filter).some((wanted) => wanted !== undefined);
  if (!filtered && !call.flags.all) {
    const hint = 'an id, a filter such as -class=X, or --all; tsworker retries shows them';
    throw new TsworkerError('USAGE', `say which jobs to ${verb}`, { hint });
  }
  const result: Result = { verb, taken: 0, gone: 0, refused: 0, interrupted: false };
  if (call.flags['dry-run']) {
    result.taken = await countMatching(session, filter);
    return report(call, result);
  }
  if (verb === 'remove' && !(await agreed(call, session, filter))) {
    say(call.io, 'nothing was removed');
    return EXIT.problem;
  }
  await take(call, session, filter, result);
  return report(call, result);
}

async function countMatching({ connection, keys }: Session, filter: RetryFilter): Promise<number> {
  let matching = 0;
  for await (const page of walkRetries(connection, keys, filter)) matching += page.length;
  return matching;
}

async function agreed({ io, flags }: RetriesCall, session: Session, filter: RetryFilter): Promise<boolean> {
  if (flags.yes) return true;
  const matching = await countMatching(session, filter);
  if (matching === 0) return true;
  return await confirm(io, `remove ${counted(matching, 'job')} to run again from ${placeOf(session)}`, false);
}

async function take(call: RetriesCall, { connection, keys }: Session, filter: RetryFilter, result: Result) {
  const progress = new Progress(call.io);
  result.interrupted = await interruptible(async (over) => {
    try {
      for await (const page of takeMatchingRetries(connection, keys, filter, DESTINATIONS[result.verb])) {
        result.taken += page.taken.length;
        for (const { why } of page.left) result[why]++;
        progress.show(() => `${count(result.taken)} so far`);
        if (over.aborted) return true;
      }
      return false;
    } finally {
      progress.clear();
    }
  });
}

function report({ io, flags, words }: RetriesCall, { verb, taken, gone, refused, interrupted }: Result): number {
  const missing = words.length > 0 && taken + gone + refused === 0;
  if (flags.json) {
    printDocument(io, { done: taken, verb, dryRun: flags['dry-run'] === true, interrupted, left: { gone, refused } });
  } else {
    if (gone > 0) say(io, `${counted(gone, 'job')} no longer there: a worker took it, or another program did`);
    if (refused > 0) say(io, `${counted(refused, 'job')} left: the key of its queue is not a list`);
    if (missing) say(io, `no job that is to run again has the id ${words.join(' or ')}`);
    const done = flags['dry-run'] ? `would be ${DONE[verb]}` : DONE[verb];
    printLine(io, `${counted(taken, 'job')} ${done}${interrupted ? ' when it was interrupted' : ''}`);
  }
  if (interrupted) return INTERRUPTED;
  return gone + refused > 0 || missing ? EXIT.problem : EXIT.fine;
}
