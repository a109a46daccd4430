/**
 * The speed of one system under load, seen from outside and alike for all: the queue is filled, the worker's process is
 * started, and after some warm-up the books are read twice, together with the CPU time of the worker and of Redis.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchJob } from '../books/books.js';
import { nowMs } from '../jobs/bench.js';
import type { System } from '../systems/system.js';
import { sentBetween, sharesOf } from './calls.js';
import type { Calls, Server } from './server.js';
import { Worker } from './worker.js';

export interface Load {
  readonly job: BenchJob;
  readonly concurrency: number;
  /** The jobs are spread evenly over so many queues; default 1. */
  readonly queues?: number;
  /** Only so many of them have jobs; default all. */
  readonly filled?: number;
  /** What the worker is told to work; default: these queues. */
  readonly worked?: readonly string[];
  readonly jobs: number;
}

export interface LoadResult {
  readonly perSecond: number;
  /** User and system time of the worker's process for each job, in microseconds. */
  readonly cpuUs: number;
  readonly redisCpuUs: number;
  readonly calls: number;
}

interface Mark {
  readonly at: number;
  readonly done: number;
  readonly calls: Calls;
  readonly cpuMs: number;
  readonly redisCpuMs: number;
}

/** Long enough for the compiler of Node to have done its work, for the slower systems too. */
export const WARM_UP_MS = 600;
export const WINDOW_MS = 900;
const POLL_MS = 3;
const FIRST_JOB_MS = 30_000;

export async function measureLoad(server: Server, system: System, load: Load): Promise<LoadResult> {
  const shares = await sharesOf(server, system);
  const queues = Array.from({ length: load.queues ?? 1 }, (_, i) => `bench${i}`);
  await server.flush();
  const producer = await system.books.open(server.socket);
  const filled = queues.slice(0, load.filled ?? queues.length);
  for (const queue of filled) await producer.fill(queue, load.job, Math.ceil(load.jobs / filled.length));
  await producer.close();
  const worked = load.worked ?? queues;
  // As producers do; a pattern needs it.
  await server.integer(['SADD', 'resque:queues', ...queues]);
  const spec = { socket: server.socket, tcp: server.tcp, queues: worked, concurrency: load.concurrency };
  const worker = new Worker(system, spec);
  try {
    const [from, to] = await observe(server, worker, system.books.done(queues[0]), load.jobs);
    const jobs = to.done - from.done;
    return {
      perSecond: (jobs * 1000) / (to.at - from.at),
      cpuUs: ((to.cpuMs - from.cpuMs) * 1000) / jobs,
      redisCpuUs: ((to.redisCpuMs - from.redisCpuMs) * 1000) / jobs,
      calls: sentBetween(from.calls, to.calls, shares) / jobs,
    };
  } finally {
    await worker.end('SIGKILL');
  }
}

/** The two marks: after the warm-up (or a quarter of the jobs), and when the window (or the jobs) ended. */
async function observe(server: Server, worker: Worker, done: readonly string[], jobs: number): Promise<[Mark, Mark]> {
  const firstAt = await reach(server, worker, done, (count) => count > 0);
  const warmAt = firstAt + WARM_UP_MS;
  await reach(server, worker, done, (count) => worker.ready && (nowMs() >= warmAt || count >= jobs / 4));
  const from = await mark(server, worker, done);
  if (from.done > jobs * 0.8) throw new Error('too few jobs: most were done before all slots were at work');
  const end = from.at + WINDOW_MS;
  await reach(server, worker, done, (count) => nowMs() >= end || count >= jobs);
  return [from, await mark(server, worker, done)];
}

async function reach(
  server: Server,
  worker: Worker,
  done: readonly string[],
  enough: (count: number) => boolean,
): Promise<number> {
  const deadline = nowMs() + FIRST_JOB_MS;
  while (!enough(await server.integer(done))) {
    worker.check();
    if (nowMs() > deadline) throw new Error('the jobs were not done in time');
    await sleep(POLL_MS);
  }
  return nowMs();
}

async function mark(server: Server, worker: Worker, done: readonly string[]): Promise<Mark> {
  // Sent together: the client puts them on one connection, Redis answers them in a row.
  const asked = [server.calls(), server.cpuMs(), server.integer(done)] as const;
  const [calls, redisCpuMs, count] = await Promise.all(asked);
  const at = nowMs();
  return { at, done: count, calls, redisCpuMs, cpuMs: worker.usage().cpuMs };
}
