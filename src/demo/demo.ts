/**
 * The demo, step by step: a Redis of its own, 1,000 jobs as Ruby would push them, the daemon as a process, a table that
 * is checked against Redis, and nothing left behind, also after Ctrl-C.
 */
import { connect } from '../redis/connect.js';
import { createKeys } from '../resque/keys.js';
import { disagreements, readCounts } from './check.js';
import { interruptible } from './interrupt.js';
import { demoJobs, pushAll } from './producer.js';
import { Progress, type Screen, table } from './report.js';
import { startPrivateRedis } from './server.js';
import { Tally } from './tally.js';
import { DEMO_ARGS, startWorker } from './worker.js';

const NAMESPACE = 'resque:';
const INTERRUPTED = 130;

/** @returns the exit code: 0 when every count agrees, 1 when not, 130 after Ctrl-C */
export async function runDemo(screen: Screen, colour: boolean): Promise<number> {
  return interruptible(async (interrupted) => {
    const redis = await startPrivateRedis();
    try {
      screen.write(`${redis.version}, private, on ${redis.uri}\n`);
      return await pushAndWork(redis.uri, screen, colour, interrupted);
    } finally {
      await redis.stop();
    }
  });
}

async function pushAndWork(uri: string, screen: Screen, colour: boolean, interrupted: AbortSignal): Promise<number> {
  const jobs = demoJobs();
  const keys = createKeys(NAMESPACE);
  const connection = await connect({ uri, name: 'tsworker-demo', silenceMs: 0 }, uri);
  try {
    await pushAll(connection, keys, jobs);
    screen.write(`${jobs.length.toLocaleString('en-US')} jobs pushed to high and low, as a Ruby producer does\n`);
    screen.write(`tsworker ${DEMO_ARGS.join(' ')}\n`);
    const tally = new Tally();
    const end = await work(uri, tally, new Progress(screen, jobs.length), interrupted);
    if (interrupted.aborted) {
      screen.write('interrupted: everything the demo started has been ended\n');
      return INTERRUPTED;
    }
    screen.write(`${table(tally, colour)}\n`);
    const problems = disagreements(jobs, await readCounts(connection, keys), tally.rows);
    if (end !== undefined) problems.push(end);
    screen.write(verdict(problems));
    return problems.length === 0 ? 0 : 1;
  } finally {
    await connection.close();
  }
}

/** Runs the daemon until it leaves. Returns what was wrong with its end, if anything. */
async function work(
  uri: string,
  tally: Tally,
  progress: Progress,
  interrupted: AbortSignal,
): Promise<string | undefined> {
  if (interrupted.aborted) return undefined;
  const worker = startWorker(uri, NAMESPACE, (line) => {
    tally.add(line);
    progress.show(tally.ended);
  });
  const stop = () => void worker.stop();
  interrupted.addEventListener('abort', stop);
  try {
    const code = await worker.exited;
    return code === 0 ? undefined : [`the daemon left with ${code}`, ...worker.complaints].join('\n    ');
  } finally {
    interrupted.removeEventListener('abort', stop);
    progress.end();
    await worker.stop();
  }
}

function verdict(problems: readonly string[]): string {
  if (problems.length > 0) return `NOT TRUE:\n${problems.map((problem) => `  - ${problem}\n`).join('')}`;
  return (
    "Checked against Redis' own counts: stat:processed and the failed list agree with the table, the queues are empty.\n" +
    'Wait is from push to start, and holds the start of the daemon: all jobs were pushed before it.\n'
  );
}
