/** What the demo shows: a progress line while it runs, a table at the end. Writes nothing itself; knows no Redis. */
import Table from 'cli-table3';
import { percentile, type Row, type Tally } from './tally.js';

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** Where the demo writes to. */
export interface Screen {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

/** Rewrites one line on a terminal; elsewhere a plain line now and then, so that a log stays short. */
export class Progress {
  readonly #screen: Screen;
  readonly #total: number;
  #shown = 0;
  #shownAt = 0;

  constructor(screen: Screen, total: number) {
    this.#screen = screen;
    this.#total = total;
  }

  show(done: number): void {
    const now = Date.now();
    const text = `  ${whole.format(done)}/${whole.format(this.#total)} jobs`;
    if (this.#screen.isTTY) {
      if (now - this.#shownAt < 50 && done < this.#total) return;
      this.#screen.write(`\r\u001b[2K${text}`);
    } else {
      if (done - this.#shown < this.#total / 4) return;
      this.#screen.write(`${text}\n`);
    }
    this.#shown = done;
    this.#shownAt = now;
  }

  /** Takes the line off the terminal. */
  end(): void {
    if (this.#screen.isTTY) this.#screen.write('\r\u001b[2K');
  }
}

/** One row for each queue and class, and their sum. jobs/s over the whole run, so that the rows add up. */
export function table(tally: Tally, colour: boolean): string {
  const seconds = tally.elapsedMs / 1000;
  const all: Row = {
    queue: 'all',
    class: '',
    processed: sum(tally.rows, (row) => row.processed),
    failed: sum(tally.rows, (row) => row.failed),
    waits: tally.rows.flatMap((row) => row.waits),
  };
  const grid = new Table({
    head: ['queue', 'class', 'processed', 'failed', 'jobs/s', 'p50 wait', 'p99 wait'],
    colAligns: ['left', 'left', 'right', 'right', 'right', 'right', 'right'],
    style: colour ? { head: ['bold'], border: ['gray'] } : { head: [], border: [] },
  });
  for (const row of [...tally.rows, all]) grid.push(cells(row, seconds));
  return grid.toString();
}

function cells(row: Row, seconds: number): string[] {
  const rate = seconds > 0 ? (row.processed + row.failed) / seconds : 0;
  const waits = [percentile(row.waits, 0.5), percentile(row.waits, 0.99)];
  return [
    row.queue,
    row.class,
    whole.format(row.processed),
    whole.format(row.failed),
    whole.format(rate),
    ...waits.map((wait) => (wait === undefined ? '-' : `${whole.format(wait)} ms`)),
  ];
}

function sum(rows: readonly Row[], of: (row: Row) => number): number {
  return rows.reduce((total, row) => total + of(row), 0);
}
