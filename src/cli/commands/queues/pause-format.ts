/** Formats the pause of a queue, for every command. Pure. */
import { duration } from '../../../format.js';
import type { QueuePause } from '../../../inspect/queue-pause.js';

/** In a table: `yes`, or `for 29m 3s`; '' if it is not paused. */
export function pauseText(pause: QueuePause | undefined): string {
  if (pause === undefined) return '';
  return pause.leftMs === undefined ? 'yes' : `for ${duration(pause.leftMs)}`;
}

/** In a sentence: `the queue low`, `the queue low for 29m 3s`. */
export function pausedQueue(name: string, { leftMs }: QueuePause): string {
  return `the queue ${name}${leftMs === undefined ? '' : ` for ${duration(leftMs)}`}`;
}

export function pauseEntry(pause: QueuePause | undefined) {
  return { paused: pause !== undefined, pauseEndsInSeconds: pause?.leftMs === undefined ? null : pause.leftMs / 1000 };
}

export const HEEDED_BY =
  'tsworker takes no new jobs of it. Ruby workers without resque-pause or Mission Control, goworker and node-resque do not heed this';
