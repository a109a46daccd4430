/** How jobs get into Redis, and how the bench sees from outside how far they are: one implementation for each format. */

export interface BenchJob {
  /** A function of jobs/bench.ts. */
  readonly name: string;
  readonly args: readonly unknown[];
}

export interface Producer {
  push(queue: string, job: BenchJob): Promise<void>;
  /** Pushes the same job many times, in large portions. */
  fill(queue: string, job: BenchJob, count: number): Promise<void>;
  close(): Promise<void>;
}

export interface Books {
  readonly kind: BooksKind;
  /** The Redis command whose integer reply says how many jobs are done, with their bookkeeping. */
  done(queue: string): readonly string[];
  /** The Redis command whose integer reply says how many jobs nobody has claimed yet. */
  waiting(queue: string): readonly string[];
  open(socket: string): Promise<Producer>;
}

export type BooksKind = 'resque' | 'bullmq' | 'bee-queue';

/** So many jobs of this kind travel in one portion: at most a thousand, and about a megabyte. */
export function portionOf(job: BenchJob): number {
  return Math.max(1, Math.min(1000, Math.floor(1e6 / JSON.stringify(job.args).length)));
}

/** Splits `count` into portions and hands each to `push`, one after the other. */
export async function inPortions(count: number, portion: number, push: (size: number) => Promise<unknown>) {
  for (let left = count; left > 0; left -= portion) await push(Math.min(left, portion));
}

/** Loads the producer's package only where it is needed: start-up of the others stays quick. */
export async function openBooks(kind: BooksKind): Promise<Books> {
  if (kind === 'resque') return (await import('./resque.js')).resqueBooks;
  if (kind === 'bullmq') return (await import('./bullmq.js')).bullmqBooks;
  return (await import('./bee-queue.js')).beeQueueBooks;
}
