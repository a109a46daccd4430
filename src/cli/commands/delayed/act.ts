/**
 * `tsworker delayed run`, `move`, `remove` and `repair`: selects the jobs, asks for confirmation, and reports the
 * result.
 */
import { TsworkerError } from '../../../errors.js';
import { count, counted } from '../../../format.js';
import { findOrphans, repairOrphans } from '../../../inspect/delayed.js';
import {
  type DelayedFilter,
  type DelayedJob,
  payloadOf,
  takeMatching,
  walkDelayed,
} from '../../../inspect/delayed-items.js';
import { serverTimeMs } from '../../../registry/clock.js';
import type { Destination } from '../../../resque/delayed.js';
import { EXIT } from '../../command.js';
import { confirm } from '../../confirm.js';
import { INTERRUPTED, interruptible } from '../../interrupt.js';
import { printLine, say } from '../../io.js';
import { printDocument } from '../../json.js';
import { Progress } from '../../progress.js';
import { placeOf, type Session } from '../../session.js';
import { listed } from '../../table.js';
import { type DelayedCall, filterOf } from './filter.js';

type Verb = 'run' | 'move' | 'remove';

const DONE: Readonly<Record<Verb, string>> = { run: 'enqueued', move: 'moved', remove: 'removed' };

export async function act(call: DelayedCall, session: Session): Promise<number> {
  const verb = call.verb as Verb;
  const filter = filterOf(call);
  const filtered = Object.values(filter).some((wanted) => wanted !== undefined);
  if (!filtered && !call.flags.all)
    throw usage(`say which jobs to ${verb}`, 'an id, a filter such as -class=X, or --all; tsworker delayed shows them');
  const destination = await destinationOf(call, session, verb);
  const counts = new DelayedCounts();
  if (call.flags['dry-run']) {
    for await (const page of walkDelayed(session.connection, session.keys, filter))
      for (const job of page) {
        const to = destination(job);
        if (to !== 'skip') counts.add(job, to === undefined ? 'no queue' : 'taken');
      }
    return report(call, verb, counts, false);
  }
  if (verb === 'remove' && !(await agreed(call, session, filter))) {
    say(call.io, 'nothing was removed');
    return EXIT.problem;
  }
  const interrupted = await take(call, session, { filter, destination, counts });
  return report(call, verb, counts, interrupted);
}

interface Taking {
  readonly filter: DelayedFilter;
  readonly destination: (job: DelayedJob) => Destination | 'skip' | undefined;
  readonly counts: DelayedCounts;
}

/** @returns whether it was interrupted */
async function take({ io }: DelayedCall, session: Session, { filter, destination, counts }: Taking): Promise<boolean> {
  const progress = new Progress(io);
  return await interruptible(async (over) => {
    try {
      for await (const { taken, left } of takeMatching(session.connection, session.keys, filter, destination)) {
        for (const job of taken) counts.add(job, 'taken');
        for (const { job, why } of left) counts.add(job, why);
        progress.show(() => `${count(counts.taken)} so far`);
        if (over.aborted) return true;
      }
      return false;
    } finally {
      progress.clear();
    }
  });
}

async function destinationOf(
  { flags }: DelayedCall,
  { connection }: Session,
  verb: Verb,
): Promise<(job: DelayedJob) => Destination | 'skip' | undefined> {
  if (verb === 'remove') return () => ({ to: 'nowhere' });
  if (verb === 'run')
    return (job) => (job.queue === '' ? undefined : { to: 'queue', queue: job.queue, payload: payloadOf(job) });
  if ((flags.in === undefined) === (flags.at === undefined)) throw usage('say to when: -in or -at', '-in=2h');
  const ms = flags.at ?? (await serverTimeMs(connection)) + (flags.in ?? 0);
  const seconds = Math.ceil(ms / 1000);
  // Moved jobs are read again later.
  return (job) => (job.time === String(seconds) ? 'skip' : { to: 'time', seconds });
}

async function agreed({ io, flags }: DelayedCall, session: Session, filter: DelayedFilter): Promise<boolean> {
  if (flags.yes) return true;
  let matching = 0;
  for await (const page of walkDelayed(session.connection, session.keys, filter)) matching += page.length;
  if (matching === 0) return true;
  return await confirm(io, `remove ${counted(matching, 'delayed job')} from ${placeOf(session)}`, false);
}

function usage(message: string, hint: string): TsworkerError {
  return new TsworkerError('USAGE', message, { hint });
}

const WHY: Readonly<Record<string, string>> = {
  gone: 'no longer there: another program took it, or it came due',
  refused: 'its queue cannot take it: the key holds no list',
  'no queue': 'it names no queue',
};

class DelayedCounts {
  taken = 0;
  readonly lines = new Map<string, { class: string; queue: string; jobs: number }>();
  readonly left = new Map<string, number>();

  add(job: DelayedJob, became: string): void {
    if (became !== 'taken') {
      this.left.set(became, (this.left.get(became) ?? 0) + 1);
      return;
    }
    this.taken++;
    const key = JSON.stringify([job.class, job.queue]);
    const line = this.lines.get(key) ?? { class: job.class, queue: job.queue, jobs: 0 };
    this.lines.set(key, { ...line, jobs: line.jobs + 1 });
  }
}

function report({ io, flags, words }: DelayedCall, verb: Verb, counts: DelayedCounts, interrupted: boolean): number {
  const lines = [...counts.lines.values()].sort((a, b) => b.jobs - a.jobs);
  const left = [...counts.left].map(([why, jobs]) => ({ why: WHY[why] ?? why, jobs }));
  const missing = words.length > 0 && counts.taken + left.length === 0;
  if (flags.json) {
    printDocument(io, { done: counts.taken, verb, dryRun: flags['dry-run'] === true, interrupted, jobs: lines, left });
  } else {
    const rows = lines.map((line) => [count(line.jobs), line.class || '-', line.queue || '-']);
    if (rows.length > 0) io.out(`${listed(COLUMNS, rows, io)}\n`);
    for (const { why, jobs } of left) say(io, `${counted(jobs, 'job')} left: ${why}`);
    if (missing) say(io, `no delayed job has the id ${words.join(' or ')}`);
    const done = flags['dry-run'] ? `would be ${DONE[verb]}` : DONE[verb];
    printLine(io, `${counted(counts.taken, 'delayed job')} ${done}${interrupted ? ' when it was interrupted' : ''}`);
  }
  if (interrupted) return INTERRUPTED;
  return left.length > 0 || missing ? EXIT.problem : EXIT.fine;
}

const COLUMNS = [
  { head: 'JOBS', align: 'right' },
  { head: 'CLASS', give: 1 },
  { head: 'QUEUE', give: 2 },
] as const;

export async function repair({ io, flags }: DelayedCall, { connection, keys }: Session): Promise<number> {
  const orphans = await findOrphans(connection, keys);
  const repaired = flags['dry-run'] ? 0 : await repairOrphans(connection, keys, orphans);
  if (flags.json) printDocument(io, { found: orphans.length, repaired, dryRun: flags['dry-run'] === true });
  else if (orphans.length === 0) printLine(io, 'every list of delayed jobs is in the schedule');
  else {
    const times = counted(orphans.length, 'list of delayed jobs', 'lists of delayed jobs');
    printLine(io, `${times} ${flags['dry-run'] ? 'would be put' : 'put'} back into the schedule`);
  }
  return EXIT.fine;
}
