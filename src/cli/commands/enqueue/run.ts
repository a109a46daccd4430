/** `tsworker enqueue`: one job from the command line, or many from a file. How they are pushed is resque/batch-pusher.ts. */
import { TsworkerError } from '../../../errors.js';
import { BatchPusher } from '../../../resque/batch-pusher.js';
import { argText, payloadOf, type ReadyJob } from '../../../resque/payload-text.js';
import { EXIT } from '../../command.js';
import { keepSmall } from '../../memory.js';
import { withRedis } from '../../session.js';
import { declaredQueue } from './declared-queue.js';
import { enqueueFile } from './file.js';
import { type EnqueueCall, report, Tally } from './report.js';
import { warnOfIdle } from './served.js';

export async function enqueue(call: EnqueueCall): Promise<number> {
  const { words, flags } = call;
  if (flags.file !== undefined) {
    if (words.length > 0)
      throw usage(`-file and ${words[0]} are too much`, 'either a class with its arguments, or -file');
    keepSmall();
    return await enqueueFile(call, flags.file);
  }
  return await enqueueOne(call, await jobOf(call));
}

async function jobOf(call: EnqueueCall): Promise<ReadyJob> {
  const [name, ...args] = call.words;
  if (!name) throw usage('missing class', 'tsworker enqueue Hello Ada -queue=greetings, or -file=jobs.ndjson');
  const queue = call.flags.queue ?? (await declaredQueue(call.sources, name));
  if (queue === undefined)
    throw usage(
      `missing -queue: which queue should ${name} go to?`,
      `give -queue=name, or declare it in a job module: job({ class: '${name}', queue: 'name', … })`,
    );
  return { queue, payload: payloadOf(name, args.map(argText)) };
}

function usage(message: string, hint: string): TsworkerError {
  return new TsworkerError('USAGE', message, { hint });
}

async function enqueueOne(call: EnqueueCall, job: ReadyJob): Promise<number> {
  const tally = new Tally();
  if (call.flags['dry-run']) {
    tally.add([job]);
    return report(call, tally, EXIT.fine);
  }
  return await withRedis(call, async (session) => {
    const pusher = new BatchPusher(session.connection, session.keys);
    await pusher.push([job]);
    tally.add([job]);
    await pusher.end();
    await warnOfIdle(call, session, tally);
    return report(call, tally, EXIT.fine);
  });
}
