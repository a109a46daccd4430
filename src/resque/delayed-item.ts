/** What all scripts of delayed jobs share: the names of their keys, and the form of an item. Pure. */
import type { Keys } from './keys.js';

/** The first arguments of each of these scripts. */
export function delayNames(keys: Keys): string[] {
  const prefixes = [keys.queue(''), keys.delayedAt(''), keys.delayedItem('')];
  return [keys.queues, ...prefixes, keys.failed, keys.failures, keys.never];
}

/** The payload with its queue as the last member, as Ruby writes it. */
export function itemText(payload: string, queue: string): string {
  return `${payload.slice(0, -1)},"queue":${JSON.stringify(queue)}}`;
}
