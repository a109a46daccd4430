/** What the daemon's log says happened, job by job, added up by queue and class. Pure. */

export interface Row {
  readonly queue: string;
  readonly class: string;
  readonly processed: number;
  readonly failed: number;
  /** Milliseconds from push to start, of every job that started. */
  readonly waits: readonly number[];
}

interface Line {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly msg: string;
  readonly queue: string;
  readonly class: string;
  readonly waitMs: number | undefined;
}

interface MutableRow {
  queue: string;
  class: string;
  processed: number;
  failed: number;
  waits: number[];
}

export class Tally {
  readonly #rows = new Map<string, MutableRow>();
  #firstStart = Number.POSITIVE_INFINITY;
  #lastEnd = 0;
  #ended = 0;

  /** Jobs that ended, well or badly. */
  get ended(): number {
    return this.#ended;
  }

  /** From the first job's start to the last job's end. */
  get elapsedMs(): number {
    return Math.max(this.#lastEnd - this.#firstStart, 0);
  }

  /** Sorted by queue, then class. */
  get rows(): readonly Row[] {
    return [...this.#rows.values()].sort((a, b) => a.queue.localeCompare(b.queue) || a.class.localeCompare(b.class));
  }

  /** Takes one line of the daemon's JSON log. Lines that tell of no job change nothing. */
  add(text: string): void {
    const line = readLine(text);
    if (line === undefined) return;
    if (line.msg === 'demo wait' && line.waitMs !== undefined) {
      this.#row(line).waits.push(line.waitMs);
      this.#firstStart = Math.min(this.#firstStart, line.time);
    } else if (line.msg === 'job done') {
      this.#end(line).processed += 1;
    } else if (line.msg === 'job failed') {
      this.#end(line).failed += 1;
    }
  }

  #end(line: Line): MutableRow {
    this.#ended += 1;
    this.#lastEnd = Math.max(this.#lastEnd, line.time);
    return this.#row(line);
  }

  #row(line: Line): MutableRow {
    const key = `${line.queue}\n${line.class}`;
    const row = this.#rows.get(key) ?? { queue: line.queue, class: line.class, processed: 0, failed: 0, waits: [] };
    this.#rows.set(key, row);
    return row;
  }
}

function readLine(text: string): Line | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const { time, msg, queue, class: name, waitMs } = JSON.parse(text) as Record<string, unknown>;
    if (typeof time !== 'string' || typeof msg !== 'string') return undefined;
    if (typeof queue !== 'string' || typeof name !== 'string') return undefined;
    return { time: Date.parse(time), msg, queue, class: name, waitMs: typeof waitMs === 'number' ? waitMs : undefined };
  } catch {
    return undefined;
  }
}

/** The value that the given share of the values does not exceed (nearest rank); undefined of nothing. */
export function percentile(values: readonly number[], share: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(Math.ceil(sorted.length * share) - 1, 0)];
}
