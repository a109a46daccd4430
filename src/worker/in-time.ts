/** Waits for something of the user's that may never end. */

import { clearTimeout, setTimeout } from 'node:timers';
import * as globals from '../globals.js';

/** @returns false when the work was not done `moreMs` after `over` had aborted; what it becomes then is nobody's business */
export async function inTime(work: Promise<unknown>, over: AbortSignal, moreMs = 0): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  let onOver = () => {};
  const late = new globals.Promise<boolean>((resolve) => {
    onOver = () => {
      timer = setTimeout(() => resolve(false), moreMs);
    };
    if (over.aborted) onOver();
    else over.addEventListener('abort', onOver, { once: true });
  });
  try {
    return await globals.Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
    over.removeEventListener('abort', onOver);
  }
}
