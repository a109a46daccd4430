/**
 * Waits for a condition, never for a fixed time: polls until it is true, and reports what was missing if it never is.
 */
import { setTimeout as pause } from 'node:timers/promises';

export interface UntilOptions {
  /** Maximum wait. Default 15 s. */
  readonly timeoutMs?: number;
  readonly everyMs?: number;
  /** The condition, for the message: "the worker is registered". */
  readonly what?: string;
}

/**
 * Resolves with the condition's value as soon as it is truthy. A condition that throws counts as not yet; its last
 * error is the cause of the one that is thrown when time is up.
 */
export async function until<T>(condition: () => T | Promise<T>, options: UntilOptions = {}): Promise<NonNullable<T>> {
  const { timeoutMs = 15_000, everyMs = 10, what = condition.toString() } = options;
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  let cause: unknown;
  do {
    try {
      last = await condition();
      cause = undefined;
      if (last) return last as NonNullable<T>;
    } catch (error) {
      cause = error;
    }
    await pause(everyMs);
  } while (performance.now() < deadline);
  const seen = cause === undefined ? `last value: ${show(last)}` : `last error: ${String(cause)}`;
  throw new Error(`waited ${timeoutMs} ms in vain until ${what} (${seen})`, { cause });
}

/** A promise with a time limit: rejects with a message that names it. The timer does not outlive the wait. */
export async function within<T>(promise: Promise<T>, timeoutMs: number, what: string | (() => string)): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`waited ${timeoutMs} ms in vain for ${typeof what === 'string' ? what : what()}`));
    }, timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function show(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
