/** Repeats an action at an interval until it is aborted. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface Watched {
  readonly everyMs: number;
  /** Ends the repetition. */
  readonly over: AbortSignal;
  /** Reads and shows once. @returns false if the reader has gone */
  show(): Promise<boolean>;
}

export async function watch({ everyMs, over, show }: Watched): Promise<void> {
  while (!over.aborted && (await show())) await sleep(everyMs, undefined, { signal: over }).catch(() => {});
}
