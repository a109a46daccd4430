/** `tsworker status -watch` on a terminal: as many lines of each list as fit, and on with it while Redis is away. */
import type { Overview } from '../../../inspect/overview.js';
import { harmless } from '../../../terminal-text.js';
import type { Io } from '../../io.js';
import { openScreen } from '../../screen.js';
import type { Session } from '../../session.js';
import { styleOf } from '../../style.js';
import type { Rates } from './rates.js';
import { sharesOf } from './shares.js';
import { rowsOf, type Shares, sameShare, statusText } from './text.js';
import { watch } from './watch.js';

export interface Live {
  readonly everyMs: number;
  /** Lines of each list; undefined: as many as fit. */
  readonly show: number | undefined;
  /** @param show lines of the longest list at most */
  look(show: number): Promise<readonly [Overview, Rates | undefined]>;
}

const MOST_LINES = 50;

/** Resolves when somebody has seen enough; the terminal is as it was then. */
export async function live(io: Io, { everyMs, show, look }: Live, session: Session): Promise<void> {
  const screen = openScreen(io);
  let last = '';
  const draw = async () => {
    try {
      const [overview, rates] = await look(show ?? MOST_LINES);
      const lines = show === undefined ? fitting(overview, io.rows) : sameShare(show);
      last = statusText(overview, { ...session, show: lines, rates }, io);
      return await screen.draw(`${footer(everyMs, io)}\n\n${last}`);
    } catch (error) {
      const message = harmless(error instanceof Error ? error.message : String(error));
      return await screen.draw(`${styleOf(io).red(`Redis is away (${message}), trying again`)}\n\n${last}`);
    }
  };
  try {
    await watch({ everyMs, over: screen.over, show: draw });
  } finally {
    screen.close();
  }
}

function footer(everyMs: number, io: Io): string {
  return styleOf(io).dim(`tsworker status, every ${everyMs / 1000} s; q ends it`);
}

/** Lines that are no list: the one on top, the figures, what may be said below the failures; the last stays empty. */
const OTHER_LINES = 9;

function fitting(overview: Overview, rows: number): Shares {
  const { queues, hosts, running, failures } = rowsOf(overview);
  const shares = sharesOf([queues, hosts, running, failures], rows - OTHER_LINES);
  return { queues: shares[0], hosts: shares[1], running: shares[2], failures: shares[3] };
}
