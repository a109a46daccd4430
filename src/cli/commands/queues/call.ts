/** The call of each sub-command of `tsworker queues`, and the queue that it names. */
import { didYouMean } from '../../../config/suggest.js';
import { TsworkerError } from '../../../errors.js';
import { type QueueName, queueNameOf, queueNames, queueSize } from '../../../inspect/queues.js';
import type { Call } from '../../command.js';
import { placeOf, type Session } from '../../session.js';
import type { QueuesFlags } from './definition.js';

export type QueuesCall = Call<QueuesFlags>;

/** @throws TsworkerError STATE if the queue does not exist */
export async function findQueue(session: Session, text: string): Promise<{ queue: QueueName; size: number }> {
  const { connection, keys } = session;
  const typed = queueNameOf(Buffer.from(text));
  // The list may exist before its entry in the set of queues: goworker pushes first.
  const size = await queueSize(connection, keys, typed);
  if (size > 0) return { queue: typed, size };
  const all = await queueNames(connection, keys);
  const queue = all.find(({ name }) => name === text);
  if (queue !== undefined) return { queue, size: await queueSize(connection, keys, queue) };
  const names = all.map(({ name }) => name);
  const hint = didYouMean(text, names).replace('; ', '') || 'tsworker queues lists them';
  throw new TsworkerError('STATE', `there is no queue ${text} in ${placeOf(session)}`, { hint });
}
