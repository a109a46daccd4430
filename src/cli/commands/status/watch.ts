/** Again and again until somebody has seen enough. Knows neither what is read nor how it is shown. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface Watched {
  readonly everyMs: number;
  /** Aborts when it is to end. */
  readonly over: AbortSignal;
  /** Reads and shows once. @returns false: nobody looks any more */
  show(): Promise<boolean>;
}

export async function watch({ everyMs, over, show }: Watched): Promise<void> {
  while (!over.aborted && (await show())) await sleep(everyMs, undefined, { signal: over }).catch(() => {});
}
