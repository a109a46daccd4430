/** Shared by `tsworker delayed` and `tsworker retries`: lists jobs that wait for their time, and finds the one with an id. */
import { duration } from '../../format.js';
import { batches } from '../../inspect/batch.js';
import { type Io, say } from '../io.js';
import { printLines } from '../json.js';

type Pages<J> = AsyncIterable<readonly J[]>;

export interface Shown<J> {
  readonly count: number | undefined;
  readonly json: boolean | undefined;
  readonly asLine: (job: J) => unknown;
  readonly asTable: (jobs: readonly J[]) => string;
}

const DEFAULT_COUNT = 20;
const TABLE_ROWS = 500;

/** @returns the number of jobs that were printed; undefined: as JSON, or whoever reads them has enough */
export async function listJobs<J>(io: Io, pages: Pages<J>, shown: Shown<J>): Promise<number | undefined> {
  const { count = DEFAULT_COUNT, json, asLine, asTable } = shown;
  let printed = 0;
  for await (const jobs of batches(first(pages, count), TABLE_ROWS)) {
    printed += jobs.length;
    const going = json ? await printLines(io, jobs.map(asLine)) : await io.print(asTable(jobs));
    if (!going) return undefined;
  }
  return json ? undefined : printed;
}

async function* first<J>(pages: Pages<J>, most: number): AsyncGenerator<J> {
  let left = most;
  for await (const page of pages)
    for (const job of page) {
      yield job;
      if (--left === 0) return;
    }
}

/** The only job that was found; else says what is wrong. @param none what is said if there is none */
export async function findOnly<J>(io: Io, pages: Pages<J>, id: string, none: string): Promise<J | undefined> {
  const found: J[] = [];
  for await (const page of pages) found.push(...page);
  if (found.length === 1) return found[0];
  say(io, found.length === 0 ? `${none} has the id ${id}` : `${found.length} ids begin with ${id}`);
  return undefined;
}

export function dueText(dueAt: number | undefined, now: number): string {
  if (dueAt === undefined) return '-';
  return dueAt >= now ? duration(dueAt - now) : `-${duration(now - dueAt)}`;
}
