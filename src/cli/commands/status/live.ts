/** `tsworker status -watch` on a terminal: redrawn for new data, after a key, and while Redis is unavailable. */
import type { Overview } from '../../../inspect/overview.js';
import type { Io } from '../../io.js';
import { openScreen } from '../../screen.js';
import type { Session } from '../../session.js';
import { type Frame, frame, pressed, START } from './frame.js';
import type { Rates } from './rates.js';
import { watch } from './watch.js';

export interface Live {
  readonly everyMs: number;
  /** Lines of each list; undefined: as many as fit. */
  readonly show: number | undefined;
  /** @param show maximum number of rows of a list */
  look(show: number): Promise<readonly [Overview, Rates | undefined]>;
}

const MOST_LINES = 50;

/** Resolves when the user quits; the terminal is restored then. */
export async function live(io: Io, { everyMs, show, look }: Live, { uri, settings }: Session): Promise<void> {
  let view = START;
  let shown: Frame = { uri, settings, everyMs, most: show, overview: undefined, problem: undefined };
  const draw = () => screen.draw(frame(view, shown, io));
  const screen = openScreen(io, (key) => {
    view = pressed(view, key);
    void draw();
  });
  const renew = async () => {
    try {
      const [overview, rates] = await look(show ?? Math.max(MOST_LINES, io.rows));
      shown = { ...shown, overview, rates, problem: undefined };
    } catch (error) {
      shown = { ...shown, problem: error instanceof Error ? error.message : String(error) };
    }
    return await draw();
  };
  try {
    await watch({ everyMs, over: screen.over, show: renew });
  } finally {
    screen.close();
  }
}
