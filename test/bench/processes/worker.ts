/** What the processes of the peers share: their orders, and the job functions called as each system would. */
import * as jobs from '../jobs/bench.js';
import type { WorkerSpec } from '../systems/system.js';

export function readSpec(): WorkerSpec {
  return JSON.parse(process.argv[2]) as WorkerSpec;
}

type Perform = (queue: string, ...args: never[]) => unknown;

/** The functions by class: those of tsworker, queue first. */
export const functions = jobs as unknown as Readonly<Record<string, Perform>>;

/** Ends in order at TERM, as the package's own instructions say. */
export function onTerm(close: () => Promise<unknown>): void {
  process.once('SIGTERM', () => void close().then(() => process.exit(0)));
}
