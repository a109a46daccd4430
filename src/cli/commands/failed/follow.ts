/**
 * Runs the steps of a retry or a removal: sums up, shows progress, limits the rate, and ends when it is interrupted.
 */

import { count, counted } from '../../../format.js';
import type { Pace } from '../../../inspect/failed/pace.js';
import type { Action, Brief, Left } from '../../../inspect/failed/select.js';
import { interruptible } from '../../interrupt.js';
import { say } from '../../io.js';
import { Progress } from '../../progress.js';
import type { FailedCounts } from './counts.js';
import type { FailedCall } from './filter.js';
import { DONE } from './report.js';

export interface Following {
  readonly action: Action;
  readonly counts: FailedCounts;
  readonly pace: Pace;
  /** Total number of entries to read. */
  of(): number;
}

interface Step {
  readonly taken: readonly Brief[];
  readonly left?: readonly Left[];
  /** Entries read so far, if known. */
  readonly seen?: number;
}

/**
 * Reports the completed steps before it throws the error of a lost connection.
 * @returns whether it was interrupted
 */
export async function follow(
  { io }: FailedCall,
  { action, counts, pace, of }: Following,
  steps: AsyncIterable<Step>,
): Promise<boolean> {
  const done = DONE[action.kind];
  const progress = new Progress(io);
  return await interruptible(async (over) => {
    try {
      for await (const { taken, left = [], seen } of steps) {
        counts.add(taken);
        counts.leave(left);
        progress.show(() => `${count(seen ?? counts.taken)} of ${count(of())}: ${count(counts.taken)} ${done}`);
        await pace.after(taken.length, over);
        if (over.aborted) return true;
      }
      return false;
    } catch (error) {
      progress.clear();
      say(io, `${counted(counts.taken, 'job')} ${done}; ${UNSURE}`);
      throw error;
    } finally {
      progress.clear();
    }
  });
}

const UNSURE = 'of the last step, all or nothing has happened, and every job is in its queue or in the failed list';
