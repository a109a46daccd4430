/** `tsworker queues move` and `purge`: selects the jobs, asks for confirmation, and reports the result. */
import { TsworkerError } from '../../../errors.js';
import { count, counted } from '../../../format.js';
import { takeQueued, walkQueued } from '../../../inspect/queued.js';
import { type QueuedJob, type QueueName, queueNameOf } from '../../../inspect/queues.js';
import { checkQueueName } from '../../../resque/queue-name.js';
import { EXIT } from '../../command.js';
import { confirm } from '../../confirm.js';
import { INTERRUPTED, interruptible } from '../../interrupt.js';
import { printLine, say } from '../../io.js';
import { printDocument } from '../../json.js';
import { Progress } from '../../progress.js';
import { placeOf, type Session } from '../../session.js';
import { listed } from '../../table.js';
import { findQueue, type QueuesCall } from './call.js';
import { filterOf, isFiltered } from './filter.js';

export async function move(call: QueuesCall, session: Session): Promise<number> {
  const [from, to] = call.words;
  checkQueueName(to, 'queues move');
  if (from === to) throw usage('the queues are the same', 'tsworker queues move low high');
  const { queue } = await findQueue(session, from);
  const target = queueNameOf(Buffer.from(to));
  return await take(call, session, { queue, to: target, most: call.flags.count, done: `moved to ${to}` });
}

export async function purge(call: QueuesCall, session: Session): Promise<number> {
  if (!isFiltered(filterOf(call.flags)))
    throw usage(
      'say which jobs to delete',
      'a filter such as -class=X; tsworker queues remove deletes the whole queue',
    );
  const { queue } = await findQueue(session, call.words[0]);
  if (!call.flags['dry-run'] && !(await agreed(call, session, queue))) {
    say(call.io, 'nothing was deleted');
    return EXIT.problem;
  }
  return await take(call, session, { queue, to: undefined, most: undefined, done: 'deleted' });
}

async function agreed({ io, flags }: QueuesCall, session: Session, queue: QueueName): Promise<boolean> {
  if (flags.yes) return true;
  let matching = 0;
  const walk = walkQueued(session.connection, session.keys, queue, { filter: filterOf(flags) });
  for await (const jobs of walk) matching += jobs.length;
  if (matching === 0) return true;
  return await confirm(
    io,
    `delete ${counted(matching, 'job')} of the queue ${queue.name} from ${placeOf(session)}`,
    false,
  );
}

interface Taking {
  readonly queue: QueueName;
  readonly to: QueueName | undefined;
  readonly most: number | undefined;
  readonly done: string;
}

async function take(call: QueuesCall, session: Session, taking: Taking): Promise<number> {
  const { io, flags } = call;
  const byClass = new Map<string, number>();
  const dryRun = flags['dry-run'] === true;
  const add = (jobs: readonly QueuedJob[]) => {
    for (const { class: name } of jobs) byClass.set(name, (byClass.get(name) ?? 0) + 1);
  };
  const interrupted = dryRun ? await look(call, session, taking, add) : await go(call, session, taking, add);
  const lines = [...byClass].sort(([, a], [, b]) => b - a);
  const jobs = lines.reduce((sum, [, some]) => sum + some, 0);
  if (flags.json) {
    const { queue, to } = taking;
    const classes = lines.map(([name, some]) => ({ class: name, jobs: some }));
    printDocument(io, { queue: queue.name, to: to?.name ?? null, done: jobs, dryRun, interrupted, classes });
  } else {
    const rows = lines.map(([name, some]) => [count(some), name || '-']);
    if (rows.length > 0)
      io.out(
        `${listed(
          [
            { head: 'JOBS', align: 'right' },
            { head: 'CLASS', give: 1 },
          ],
          rows,
          io,
        )}\n`,
      );
    const done = dryRun ? `would be ${taking.done}` : taking.done;
    printLine(
      io,
      `${counted(jobs, 'job')} of the queue ${taking.queue.name} ${done}${interrupted ? ' when it was interrupted' : ''}`,
    );
  }
  return interrupted ? INTERRUPTED : EXIT.fine;
}

type Add = (jobs: readonly QueuedJob[]) => void;

async function look({ flags }: QueuesCall, session: Session, { queue, most }: Taking, add: Add): Promise<boolean> {
  let left = most ?? Number.POSITIVE_INFINITY;
  for await (const jobs of walkQueued(session.connection, session.keys, queue, { filter: filterOf(flags) })) {
    add(jobs.slice(0, left));
    left -= jobs.length;
    if (left <= 0) break;
  }
  return false;
}

/** @returns whether it was interrupted */
async function go(
  { io, flags }: QueuesCall,
  session: Session,
  { queue, to, most }: Taking,
  add: Add,
): Promise<boolean> {
  const progress = new Progress(io);
  let sum = 0;
  return await interruptible(async (over) => {
    try {
      const options = { filter: filterOf(flags), to, most };
      for await (const { taken } of takeQueued(session.connection, session.keys, queue, options)) {
        add(taken);
        sum += taken.length;
        progress.show(() => `${count(sum)} so far`);
        if (over.aborted) return true;
      }
      return false;
    } finally {
      progress.clear();
    }
  });
}

function usage(message: string, hint: string): TsworkerError {
  return new TsworkerError('USAGE', message, { hint });
}
