/** Sends orders to running tsworkers, and waits for what came of them. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '../redis/connection.js';
import {
  type CancelAs,
  type ControlAnswer,
  type ControlOrder,
  orderText,
  type ProcessOrder,
  readAnswer,
} from '../registry/control.js';
import { processOf } from '../registry/identity.js';
import type { Keys } from '../resque/keys.js';
import { type ClaimRecord, parseRecord } from '../resque/record.js';

/**
 * unsent: the worker is of another program (foreign), runs no job (idle), or no process listens (nobody). silent: nothing
 * came of it in time; `holds`: the worker still has the job.
 */
export type OrderReport =
  | { readonly kind: 'foreign' | 'idle' | 'nobody' }
  | { readonly kind: 'silent'; readonly holds: boolean }
  | ({ readonly kind: 'answered' } & ControlAnswer);

/** A job is given two seconds, a process that does not answer is given up before five are over. */
const PATIENCE_MS = 10_000;
const LOOK_MS = 50;

/** @param id an exact worker id */
export async function sendCancel(
  connection: Connection,
  keys: Keys,
  id: string,
  as: CancelAs,
  patienceMs = PATIENCE_MS,
): Promise<OrderReport> {
  const slot = slotOf(id);
  const record = await readClaim(connection, keys, id);
  if (slot === undefined || (record !== undefined && record.token === undefined)) return { kind: 'foreign' };
  if (record?.token === undefined) return { kind: (await isOurs(connection, keys, id)) ? 'idle' : 'foreign' };
  const { token } = record;
  const order: ControlOrder = { kind: 'cancel', id: randomUUID(), slot, token, as };
  const report = await send(connection, keys, processOf(id), order, patienceMs);
  if (report.kind !== 'silent') return report;
  const holds = (await readClaim(connection, keys, id))?.token === token;
  return holds ? { kind: 'silent', holds } : { kind: 'answered', result: 'gone' };
}

/** @param process `<label>:<pid>` */
export async function sendToProcess(
  connection: Connection,
  keys: Keys,
  process: string,
  kind: ProcessOrder['kind'],
  patienceMs = PATIENCE_MS,
): Promise<OrderReport> {
  if (!(await isOurs(connection, keys, `${process}-0:`))) return { kind: 'foreign' };
  return await send(connection, keys, process, { kind, id: randomUUID() }, patienceMs);
}

async function send(
  connection: Connection,
  keys: Keys,
  process: string,
  order: ControlOrder,
  patienceMs: number,
): Promise<OrderReport> {
  const listeners = await connection.send(['PUBLISH', keys.control(process), orderText(order)]);
  if (Number(listeners) === 0) return { kind: 'nobody' };
  const overAt = performance.now() + patienceMs;
  do {
    const answer = await readAnswer(connection, keys, order.id);
    if (answer !== undefined) return { kind: 'answered', ...answer };
    await sleep(LOOK_MS);
  } while (performance.now() < overAt);
  return { kind: 'silent', holds: true };
}

async function readClaim(connection: Connection, keys: Keys, id: string): Promise<ClaimRecord | undefined> {
  const raw = await connection.send(['GET', keys.worker(id)], { binary: true });
  return raw === null ? undefined : parseRecord(raw as Buffer);
}

function slotOf(id: string): number | undefined {
  const slot = /^[^:]+:\d+-(\d+):/.exec(id)?.[1];
  return slot === undefined ? undefined : Number(slot);
}

/** Whether a tsworker process has registered under this name. goworker's ids look the same. */
async function isOurs(connection: Connection, keys: Keys, id: string): Promise<boolean> {
  return Number(await connection.send(['HEXISTS', keys.machines, processOf(id)])) === 1;
}
