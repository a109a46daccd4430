/** Which names of queues a producer may use: those that a worker can be told to work. Pure. */
import { TsworkerError } from '../errors.js';

/**
 * @param where begins the message
 * @throws TsworkerError USAGE for a name that no worker can be given: it is empty, or a list of queues would read it otherwise
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
