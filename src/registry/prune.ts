/**
 * Finds workers that died without leaving the books, by their expired heartbeat only: a pid means nothing outside of its
 * own machine. A job in their hands goes back to the head of its queue if the worker was one of ours, whose claims are
 * fenced; a foreign worker's job goes to `failed`, as Resque does it, since that worker may have done it already.
 */
import type { Argument, Connection } from '../redis/connection.js';
import { failureParts } from '../resque/failure.js';
import type { Keys } from '../resque/keys.js';
import { type ClaimRecord, parseRecord } from '../resque/record.js';
import { callScript, loadScript } from '../resque/scripts/index.js';
import { parseHeartbeat } from './clock.js';
import type { HeartbeatOptions } from './heartbeat.js';
import { keysOf, workerId } from './identity.js';

/** A dead worker that was taken out of the books. */
export interface Pruned {
  readonly id: string;
  /** Its last heartbeat, as text; '' when it had none. */
  readonly heartbeat: string;
  /** What it had in hand, and what became of that. */
  readonly job: { readonly class: string; readonly queue: string; readonly fate: 'requeued' | 'failed' } | undefined;
}

/** Resque's own error for this, so that filters written for Ruby match. */
class PruneDeadWorkerDirtyExit extends Error {
  override readonly name = 'Resque::PruneDeadWorkerDirtyExit';
}

/** @returns the workers pruned; none when another process has pruned within the last heartbeat */
export async function pruneDead(connection: Connection, options: HeartbeatOptions, nowMs: number): Promise<Pruned[]> {
  const keys = keysOf(options.identity);
  const ownId = workerId(options.identity, 0);
  const lockMs = String(Math.max(1, Math.round(options.heartbeatMs)));
  const lock = await connection.send(['SET', keys.pruneLock, ownId, 'PX', lockMs, 'NX']);
  if (lock === null) return [];
  const pruned: Pruned[] = [];
  for (const [id, heartbeat] of await findDead(connection, options, nowMs)) {
    const worker = await prune(connection, keys, id, heartbeat);
    if (worker !== undefined) pruned.push(worker);
  }
  return pruned;
}

async function findDead(connection: Connection, options: HeartbeatOptions, nowMs: number): Promise<[string, string][]> {
  const keys = keysOf(options.identity);
  const heartbeats = new Map<string, string>();
  for await (const [id, text] of scan(connection, ['HSCAN', keys.heartbeats], 2)) heartbeats.set(id, text);
  const dead = [...heartbeats].filter(([, text]) => {
    const beat = parseHeartbeat(text);
    return beat !== undefined && nowMs - beat > options.pruneAfterMs;
  });
  if (!options.forcePrune) return dead;
  for await (const [id] of scan(connection, ['SSCAN', keys.workers], 1))
    if (!heartbeats.has(id) && isWorkerId(id)) dead.push([id, '']);
  return dead;
}

/** Ids of another form belong to programs we do not know: they are left alone. */
function isWorkerId(id: string): boolean {
  return /^[^:]+:\d+([-+]\d+)?:./.test(id);
}

/** Walks a hash or a set with its cursor, in steps that do not hold up Redis. */
async function* scan(
  connection: Connection,
  [command, key]: [string, string],
  width: number,
): AsyncGenerator<string[]> {
  let cursor = '0';
  do {
    const [next, flat] = (await connection.send([command, key, cursor, 'COUNT', '1000'])) as [string, string[]];
    for (let i = 0; i < flat.length; i += width) yield flat.slice(i, i + width);
    cursor = next;
  } while (cursor !== '0');
}

async function prune(connection: Connection, keys: Keys, id: string, heartbeat: string): Promise<Pruned | undefined> {
  const raw = (await connection.send(['GET', keys.worker(id)], { binary: true })) as Buffer | null;
  const record = raw === null ? undefined : parseRecord(raw);
  const requeued = record?.token !== undefined && record.queue !== '';
  const args: Argument[] = [
    id,
    keys.heartbeats,
    heartbeat,
    keys.worker(id),
    raw ?? '',
    keys.started(id),
    keys.processedBy(id),
    keys.failuresOf(id),
  ];
  if (requeued) args.push('r', keys.queues, record.queue, keys.queue(record.queue), record.payload);
  else if (raw !== null && !isEmptyRecord(raw))
    args.push('f', keys.failed, keys.failures, failedEntry(id, raw, record));
  if ((await callScript(connection, loadScript('prune'), [keys.workers], args)) !== 1) return undefined;
  const job = args.length > 8 ? describeJob(record, requeued) : undefined;
  return { id, heartbeat, job };
}

/** Ruby writes `{}` or nothing for "no job". */
function isEmptyRecord(raw: Buffer): boolean {
  return /^\s*(\{\s*\})?\s*$/.test(raw.toString());
}

function describeJob(record: ClaimRecord | undefined, requeued: boolean): NonNullable<Pruned['job']> {
  return { class: record?.class ?? '', queue: record?.queue ?? '', fate: requeued ? 'requeued' : 'failed' };
}

function failedEntry(id: string, raw: Buffer, record: ClaimRecord | undefined): Buffer {
  const error = new PruneDeadWorkerDirtyExit(
    `Worker ${id} did not gracefully exit while processing ${record?.class || 'an unreadable record'}`,
  );
  error.stack = '';
  const shown = record?.shown.toString().startsWith('{') ? record.shown : undefined;
  const { head, tail } = failureParts(error, {
    workerId: id,
    queue: record?.queue ?? '',
    failedAt: new Date(),
    ...(shown === undefined ? { raw } : {}),
  });
  const payload = shown ?? Buffer.from(JSON.stringify({ class: 'InvalidPayload', args: [raw.toString()] }));
  return Buffer.concat([Buffer.from(head), payload, Buffer.from(tail)]);
}
