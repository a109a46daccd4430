/** Groups lines into batches of jobs, each small enough for one call of Redis. */
import { TsworkerError } from '../../../errors.js';
import { asUnique, type ReadyJob, readJobLine } from '../../../resque/payload-text.js';
import { uniqueFor } from '../../../resque/unique.js';
import type { Line } from './lines.js';

export interface Batch {
  readonly jobs: readonly ReadyJob[];
  /** The number of its last line. */
  readonly upTo: number;
}

/** An invalid line: nothing of its batch is enqueued. */
export class BadLine extends TsworkerError {
  override readonly name = 'BadLine';

  constructor(line: number, cause: TsworkerError) {
    super('PAYLOAD', `line ${line}: ${cause.message}`, { cause });
  }
}

const MOST_JOBS = 1000;
const MOST_CHARACTERS = 1_000_000;
const BLANK = /^\s*$/;
const BYTE_ORDER_MARK = '\ufeff';

export interface LineOptions {
  /** The queue for lines without one. */
  readonly queue?: string | undefined;
  /** Makes each job unique, for this many milliseconds. */
  readonly unique?: number | undefined;
}

/** @throws BadLine */
export async function* batchesOf(lines: AsyncIterable<Line>, options: LineOptions): AsyncGenerator<Batch> {
  let jobs: ReadyJob[] = [];
  let characters = 0;
  let upTo = 0;
  for await (const { number, bytes } of lines) {
    const job = readLine(number, bytes, options);
    upTo = number;
    if (job === undefined) continue;
    jobs.push(job);
    characters += job.payload.length;
    if (jobs.length < MOST_JOBS && characters < MOST_CHARACTERS) continue;
    yield { jobs, upTo };
    [jobs, characters] = [[], 0];
  }
  if (jobs.length > 0) yield { jobs, upTo };
}

/** undefined for an empty line. */
function readLine(number: number, bytes: Buffer, { queue, unique }: LineOptions): ReadyJob | undefined {
  const mark = number === 1 && bytes.toString('utf8', 0, 3) === BYTE_ORDER_MARK ? 3 : 0;
  const line = bytes.subarray(mark);
  if (line.length < 100 && BLANK.test(line.toString())) return undefined;
  try {
    const job = readJobLine(line, queue);
    return unique === undefined ? job : asUnique(job, uniqueFor(unique / 1000));
  } catch (error) {
    throw error instanceof TsworkerError ? new BadLine(number, error) : error;
  }
}
