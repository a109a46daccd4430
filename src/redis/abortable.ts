/** Waiting that can be aborted. Pure. */
import * as globals from '../globals.js';

/** Settles as the promise does, or rejects with the signal's reason, whichever comes first. */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let abort = () => {};
  const aborted = new globals.Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error);
  });
  // After an abort the promise may still reject: that is ignored.
  promise.catch(() => {});
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  try {
    return await globals.Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Aborts with a TimeoutError, after a millisecond at the earliest. */
export function deadline(ms: number): AbortSignal {
  return AbortSignal.timeout(Math.max(1, Math.ceil(ms)));
}

export function isTimeout({ reason }: AbortSignal): boolean {
  return (reason as Error | undefined)?.name === 'TimeoutError';
}
