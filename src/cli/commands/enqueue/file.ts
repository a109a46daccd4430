/** `tsworker enqueue -file`: pushes batches until the end of the file, an invalid line, or Ctrl-C. */
import { createReadStream } from 'node:fs';
import { addAbortSignal, type Readable } from 'node:stream';
import { TsworkerError } from '../../../errors.js';
import { count, counted, rate } from '../../../format.js';
import type { EnqueueResult } from '../../../job.js';
import { BatchPusher } from '../../../resque/batch-pusher.js';
import type { ReadyJob } from '../../../resque/payload-text.js';
import { EXIT } from '../../command.js';
import { INTERRUPTED, interruptible } from '../../interrupt.js';
import { say } from '../../io.js';
import { Progress } from '../../progress.js';
import { type Session, withRedis } from '../../session.js';
import { BadLine, type Batch, batchesOf } from './batches.js';
import { linesOf } from './lines.js';
import { type EnqueueCall, EnqueueCounts, report } from './report.js';
import { warnOfIdle } from './served.js';

type Push = (jobs: readonly ReadyJob[]) => Promise<readonly EnqueueResult[]>;

/** @param path `-` for standard input */
export async function enqueueFile(call: EnqueueCall, path: string): Promise<number> {
  if (call.flags['dry-run']) return await follow(call, path, new EnqueueCounts(), wouldPush);
  return await withRedis(call, async (session) => await enqueueAll(call, path, session));
}

async function wouldPush(jobs: readonly ReadyJob[]): Promise<readonly EnqueueResult[]> {
  return jobs.map(() => ({ status: 'enqueued' }));
}

async function enqueueAll(call: EnqueueCall, path: string, session: Session): Promise<number> {
  const pusher = new BatchPusher(session.connection, session.keys);
  const counts = new EnqueueCounts();
  try {
    return await follow(call, path, counts, (jobs) => pusher.push(jobs));
  } finally {
    await pusher.end();
    if (counts.total > 0) await warnOfIdle(call, session, counts).catch(() => {});
  }
}

async function follow(call: EnqueueCall, path: string, counts: EnqueueCounts, push: Push): Promise<number> {
  const { io, flags } = call;
  const progress = new Progress(io);
  const show = () =>
    progress.show(() => `${count(counts.total)} jobs, ${rate(counts.total / counts.seconds)} a second`);
  return await interruptible(async (over) => {
    try {
      const lines = linesOf(addAbortSignal(over, open(call, path)));
      await pushAll(batchesOf(lines, flags), counts, push, show);
      progress.clear();
      return report(call, counts, EXIT.fine);
    } catch (error) {
      progress.clear();
      if (!over.aborted) throw explained(error, call, counts);
      say(io, `interrupted; run again from line ${counts.upTo + 1}`);
      return report(call, counts, INTERRUPTED);
    }
  });
}

function open({ io }: EnqueueCall, path: string): Readable {
  return path === '-' ? (io.input as Readable) : createReadStream(path, { highWaterMark: 1024 * 1024 });
}

/** Reads a batch while the one before it is pushed, and always waits for that push. */
async function pushAll(
  batches: AsyncIterable<Batch>,
  counts: EnqueueCounts,
  push: Push,
  show: () => void,
): Promise<void> {
  let pushing: Promise<void> = Promise.resolve();
  try {
    for await (const batch of batches) {
      await pushing;
      pushing = push(batch.jobs).then((results) => counts.add(batch.jobs, results, batch.upTo));
      // It is awaited below; until then its rejection must not count as unhandled.
      pushing.catch(() => {});
      show();
    }
  } finally {
    await pushing;
  }
}

function explained(error: unknown, { io, flags }: EnqueueCall, counts: EnqueueCounts): unknown {
  const { total, upTo } = counts;
  const bad = error instanceof BadLine;
  if (flags['dry-run']) return bad ? new TsworkerError('PAYLOAD', error.message, { cause: error }) : error;
  if (!bad) {
    say(io, `${counted(total, 'job')} enqueued, up to line ${upTo}; of the batch behind it all or nothing`);
    return error;
  }
  const done = total === 0 ? 'nothing was enqueued' : `${counted(total, 'job')} before it enqueued`;
  const hint = `${done}; fix the line and run again from line ${upTo + 1}`;
  return new TsworkerError('PAYLOAD', error.message, { hint, cause: error });
}
