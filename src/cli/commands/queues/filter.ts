/** Converts the filter flags to a filter for jobs. Pure. */
import type { QueuedFilter } from '../../../inspect/queued.js';
import { decodePayload } from '../../../resque/codec.js';
import { comparable } from '../../../resque/comparable.js';
import type { QueuesCall } from './call.js';

export function filterOf({ class: classes, text, args, older: before }: QueuesCall['flags']): QueuedFilter {
  return { classes, text, before, args: args === undefined ? undefined : comparable(argsOf(args)) };
}

export function isFiltered(filter: QueuedFilter): boolean {
  return Object.values(filter).some((wanted) => wanted !== undefined);
}

/** Parsed like the arguments of a payload. */
function argsOf(typed: string): unknown {
  return decodePayload(Buffer.from(`{"class":"C","args":${typed}}`), true).args;
}
