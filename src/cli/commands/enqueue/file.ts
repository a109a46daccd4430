/** `tsworker enqueue -file`: batch after batch, until the end, a bad line, or Ctrl-C. */
import { createReadStream } from 'node:fs';
import { addAbortSignal, type Readable } from 'node:stream';
import { TsworkerError } from '../../../errors.js';
import { count, counted, rate } from '../../../format.js';
import { BatchPusher } from '../../../resque/batch-pusher.js';
import type { ReadyJob } from '../../../resque/payload-text.js';
import { EXIT } from '../../command.js';
import { INTERRUPTED, interruptible } from '../../interrupt.js';
import { say } from '../../io.js';
import { Progress } from '../../progress.js';
import { type Session, withRedis } from '../../session.js';
import { BadLine, type Batch, batchesOf } from './batches.js';
import { linesOf } from './lines.js';
import { type EnqueueCall, report, Tally } from './report.js';
import { warnOfIdle } from './served.js';

type Push = (jobs: readonly ReadyJob[]) => Promise<void>;

/** @param path `-` for standard input */
export async function enqueueFile(call: EnqueueCall, path: string): Promise<number> {
  if (call.flags['dry-run']) return await follow(call, path, new Tally(), async () => {});
  return await withRedis(call, async (session) => await enqueueAll(call, path, session));
}

async function enqueueAll(call: EnqueueCall, path: string, session: Session): Promise<number> {
  const pusher = new BatchPusher(session.connection, session.keys);
  const tally = new Tally();
  try {
    return await follow(call, path, tally, (jobs) => pusher.push(jobs));
  } finally {
    await pusher.end();
    if (tally.total > 0) await warnOfIdle(call, session, tally).catch(() => {});
  }
}

async function follow(call: EnqueueCall, path: string, tally: Tally, push: Push): Promise<number> {
  const { io, flags } = call;
  const progress = new Progress(io);
  const show = () => progress.show(() => `${count(tally.total)} jobs, ${rate(tally.total / tally.seconds)} a second`);
  return await interruptible(async (over) => {
    try {
      const lines = linesOf(addAbortSignal(over, open(call, path)));
      await pushAll(batchesOf(lines, flags.queue), tally, push, show);
      progress.clear();
      return report(call, tally, EXIT.fine);
    } catch (error) {
      progress.clear();
      if (!over.aborted) throw explained(error, call, tally);
      say(io, `interrupted; run again from line ${tally.upTo + 1}`);
      return report(call, tally, INTERRUPTED);
    }
  });
}

function open({ io }: EnqueueCall, path: string): Readable {
  return path === '-' ? (io.input as Readable) : createReadStream(path, { highWaterMark: 1024 * 1024 });
}

/** A batch is read while the one before it is pushed; whatever happens, that one is waited for. */
async function pushAll(batches: AsyncIterable<Batch>, tally: Tally, push: Push, show: () => void): Promise<void> {
  let pushing: Promise<void> = Promise.resolve();
  try {
    for await (const batch of batches) {
      await pushing;
      pushing = push(batch.jobs).then(() => tally.add(batch.jobs, batch.upTo));
      // It is awaited below; until then its failure is nobody's surprise.
      pushing.catch(() => {});
      show();
    }
  } finally {
    await pushing;
  }
}

function explained(error: unknown, { io, flags }: EnqueueCall, tally: Tally): unknown {
  const { total, upTo } = tally;
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
