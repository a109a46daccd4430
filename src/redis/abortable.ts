/** Waiting that can be aborted. Pure. */
import { setTimeout } from 'node:timers';
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

/**
 * Aborts with a TimeoutError, after a millisecond at the earliest. Does not keep the process alive. Not
 * `AbortSignal.timeout`: if `AbortSignal.any` is its only user, Node 20 collects it as garbage, and it never aborts.
 */
export function deadline(ms: number): AbortSignal {
  const controller = new globals.AbortController();
  const expire = () => controller.abort(new DOMException('The operation timed out', 'TimeoutError'));
  setTimeout(expire, Math.max(1, Math.ceil(ms))).unref();
  return controller.signal;
}

export function isTimeout({ reason }: AbortSignal): boolean {
  return (reason as Error | undefined)?.name === 'TimeoutError';
}
