/** Ends the job of a claim in place of the process that runs it, by the same script, and so fenced by the token. */
import type { Outcome } from '../job.js';
import type { Connection } from '../redis/connection.js';
import { createKeys } from './keys.js';
import { parseRecord } from './record.js';
import { RedisJobStore } from './store.js';

export interface ClaimToFinish {
  readonly namespace: string;
  readonly workerId: (slot: number) => string;
  readonly slot: number;
  readonly token: string;
}

/** @returns false if the record has no job of this token any more */
export async function finishClaim(
  connection: Connection,
  { namespace, workerId, slot, token }: ClaimToFinish,
  outcome: Outcome,
): Promise<boolean> {
  const raw = await connection.send(['GET', createKeys(namespace).worker(workerId(slot))], { binary: true });
  const record = raw === null ? undefined : parseRecord(raw as Buffer);
  if (record?.token !== token) return false;
  const plan = { queues: [{ name: record.queue, weight: 1 }], weighted: false };
  const options = { namespace, plan, workerId, nonce: '', quarantine: record.quarantined };
  const finish = { claim: { ...record, slot, token }, outcome };
  const { settled } = await new RedisJobStore(connection, options).ackAndClaim([finish], []);
  return settled[0];
}
