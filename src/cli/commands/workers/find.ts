/** Finds a worker or a process by its id or the beginning of it. */
import { didYouMean } from '../../../config/suggest.js';
import { TsworkerError } from '../../../errors.js';
import { type Found, findWorkers } from '../../../inspect/workers.js';
import { processOf } from '../../../registry/identity.js';
import { placeOf, type Session } from '../../session.js';

/** @throws TsworkerError STATE if no worker, or more than one, matches */
export async function workerIdOf(typed: string, session: Session): Promise<string> {
  const found = await findWorkers(session.connection, session.keys, typed);
  if (found.exact) return typed;
  return only(found.beginning, 'workers', typed) ?? missing('worker', typed, found, session);
}

/**
 * `<label>:<pid>` of a process with workers of this form.
 * @throws TsworkerError STATE if no process, or more than one, matches
 */
export async function processNameOf(typed: string, session: Session): Promise<string> {
  const found = await findWorkers(session.connection, session.keys, typed);
  if (found.exact && processOf(typed) !== '') return processOf(typed);
  const names = [...new Set(found.beginning.map(processOf))].filter((name) => name !== '');
  return only(names, 'processes', typed) ?? missing('process', typed, found, session);
}

function only(names: readonly string[], what: string, typed: string): string | undefined {
  if (names.length <= 1) return names[0];
  throw new TsworkerError('STATE', `${names.length} ${what} begin with ${typed}`, {
    hint: `give more: ${names.slice(0, 3).join(', ')}, …`,
  });
}

function missing(what: string, typed: string, { near }: Found, session: Session): never {
  const hint = didYouMean(typed, near).replace('; ', '') || 'tsworker workers lists them';
  throw new TsworkerError('STATE', `there is no ${what} ${typed} in ${placeOf(session)}`, { hint });
}
