/** `tsworker demo`: shows the main features in about ten seconds, with its own Redis and measured figures. */
import { type Call, EXIT } from '../../command.js';
import { INTERRUPTED, interruptible } from '../../interrupt.js';
import type { Io } from '../../io.js';
import { styleOf } from '../../style.js';
import { ACTS } from './acts.js';
import type { DemoFlags } from './definition.js';
import { Demo } from './demo.js';
import { type PrivateRedis, pathOf, startRedis, startWorker } from './processes.js';

const WORKER = ['-queues=high=2,low=1', '-processes=2', '-concurrency=80'];

/** @returns 0 if every job is accounted for, 1 if not, 130 after Ctrl-C */
export async function demo({ io, flags }: Call<DemoFlags>): Promise<number> {
  const keep = flags.keep === true;
  return interruptible(async (over) => {
    const redis = await startRedis(keep);
    try {
      io.out(`A private ${redis.version}, and\n${styleOf(io).cyan(`$ tsworker ${WORKER.join(' ')}`)}\n`);
      const sound = await play(io, redis, over);
      io.out(nextCommands(io, keep ? redis.uri : undefined));
      return sound ? EXIT.fine : EXIT.problem;
    } catch (error) {
      if (!over.aborted) throw error;
      io.out(`\ninterrupted: ${keep ? `only its Redis is left, ${redis.uri}` : 'everything it started has ended'}\n`);
      return INTERRUPTED;
    } finally {
      await redis.stop();
    }
  });
}

async function play(io: Io, redis: PrivateRedis, over: AbortSignal): Promise<boolean> {
  const worker = startWorker(WORKER, redis.uri);
  try {
    const demo = new Demo({ io, redis, worker, over });
    await demo.until('the worker to start', () => demo.lines.some(({ msg }) => msg === 'tsworker started'));
    let pushed = 0;
    for (const act of ACTS) pushed += await act(demo);
    return await demo.ledger(pushed);
  } finally {
    await worker.stop();
  }
}

function nextCommands(io: Io, uri: string | undefined): string {
  const { bold, cyan } = styleOf(io);
  const lines =
    uri === undefined
      ? ['npx tsworker init my-worker', 'npx tsworker demo -keep', 'npx tsworker help']
      : [
          `export REDIS_URL=${uri}`,
          'npx tsworker status',
          'npx tsworker failed',
          `redis-cli -s ${pathOf(uri)} shutdown`,
        ];
  const title = uri === undefined ? 'Next' : 'Next, with its Redis, which is still running';
  return `\n${bold(title)}\n${lines.map((line) => `  ${cyan(line)}\n`).join('')}`;
}
