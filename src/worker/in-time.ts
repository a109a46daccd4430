import { clearTimeout, setTimeout } from 'node:timers';
import * as globals from '../globals.js';

/**
 * Waits for user code that may never finish.
 * @param moreMs milliseconds that the work gets after `over` has aborted. Default 0
 * @returns false if the work was not done by then; its result is ignored
 */
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
