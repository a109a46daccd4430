/** The valid queue names for a producer: those that a worker can be configured with. Pure. */
import { TsworkerError } from '../errors.js';

/**
 * @param where begins the message
 * @throws TsworkerError USAGE for a name that no worker can be configured with: it is empty, or not one queue in a list
 */
export function checkQueueName(name: unknown, where: string): void {
  const problem = problemOf(name);
  if (problem === undefined) return;
  const shown = typeof name === 'string' ? JSON.stringify(name) : typeof name;
  throw new TsworkerError('USAGE', `${where}: the queue ${shown} cannot be used: ${problem}`);
}

function problemOf(name: unknown): string | undefined {
  if (typeof name !== 'string') return 'it must be a text';
  if (name.trim() === '') return 'it has no name';
  if (name.includes(',')) return 'a comma separates queues';
  if (name !== name.trim()) return 'it begins or ends with a blank';
  return undefined;
}
