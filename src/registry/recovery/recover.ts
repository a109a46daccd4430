/**
 * Removes dead workers from the registry and recovers their jobs. The job of a tsworker goes back to the head of its
 * queue (or fails, as configured), since its claims are fenced, and after a second death to its queue's quarantine.
 * The job of another program's worker goes to `failed`, as in Resque, since that worker may have done it already.
 */

import * as globals from '../../globals.js';
import type { Argument, Connection } from '../../redis/connection.js';
import type { Keys } from '../../resque/keys.js';
import { lockArgsOf } from '../../resque/lock.js';
import { type ClaimRecord, envelopeOf, parseRecord, suspectField } from '../../resque/record.js';
import { callScript, SCRIPTS } from '../../resque/scripts/index.js';
import { type Identity, idChunks, keysOf, processOf, workerId } from '../identity.js';
import { unregister } from '../register.js';
import type { SlotCounts } from './counts.js';
import { type DeathEvidence, dirtyExit, entryAround, NAMES, poisonPill } from './dead-worker-errors.js';

export interface RecoverOptions {
  /** Where the job of a dead tsworker goes. Default requeue. */
  readonly onDead?: 'requeue' | 'fail' | undefined;
  /** false: the death is not counted against the job. Default true. */
  readonly countsAsDeath?: boolean | undefined;
  /**
   * A quarantine child is started for suspected poison pills. Default false: the third death fails the job, even if
   * other jobs ran beside it.
   */
  readonly quarantine?: boolean | undefined;
  /**
   * The claim tokens of quarantined jobs that had begun and not ended, if known: the death does not count against a job
   * that had not begun.
   */
  readonly begun?: ReadonlySet<string> | undefined;
  /** The error with which a job fails that was the only one in the process, and so the cause of the death. */
  readonly failWith?: Error | undefined;
  /** The job is already somewhere else: only the worker is removed. */
  readonly isAccountedFor?: boolean | undefined;
  /** How the process ended, if its parent saw it: `pid 4711 SIGKILL (signal 9)`. */
  readonly exit?: string | undefined;
  /** Reads the job counts of the process before its registration is removed. Absent: they are not read. */
  readonly counts?: SlotCounts | undefined;
}

/** A worker that was found dead. */
export interface Dead {
  readonly id: string;
  readonly death: DeathEvidence;
  /** The last heartbeat, as text; '' if none. A newer one shows that the worker is alive, unless its death was seen. */
  readonly heartbeat: string;
}

/** A dead worker whose registration was removed. */
export interface Recovered extends Dead {
  /** The job that it had claimed, and where it went. */
  readonly job: { readonly class: string; readonly queue: string; readonly outcome: RecoveryOutcome } | undefined;
}

/** Where the job went: to its queue, `failed`, `failed` as a poison pill, the quarantine of its queue. */
export type RecoveryOutcome = 'requeued' | 'failed' | 'poison_pill' | 'quarantined';

/** By the reply of the script; 0: nothing done, 1: no job. */
const FATES: readonly (RecoveryOutcome | undefined)[] = [
  undefined,
  undefined,
  'requeued',
  'failed',
  'poison_pill',
  'quarantined',
];
const MOST_PASSES = 5;

/**
 * Unregisters all slots of a process that is known to be dead, and recovers its jobs. Requeued jobs keep the order in
 * which they were claimed, within each chunk of 1000 slots.
 * @returns the workers that had a job
 */
export async function recoverProcess(
  connection: Connection,
  identity: Identity,
  options: RecoverOptions,
): Promise<Recovered[]> {
  const keys = keysOf(identity);
  // From here on, a delayed call of the dead process claims nothing.
  await connection.send(['DEL', keys.started(workerId(identity, 0))]);
  const recovered: Recovered[] = [];
  for (let pass = 0; pass < MOST_PASSES; pass++) {
    for (const ids of idChunks(identity)) {
      const held = await readRecords(connection, keys, ids);
      await options.counts?.read(connection, keys, ids);
      const alone = pass === 0 && held.length === 1 && identity.concurrency <= ids.length;
      const judged = alone ? options : { ...options, failWith: undefined };
      const all = held.map(([id, raw]) =>
        take(connection, keys, { id, death: 'seen', heartbeat: '*' }, raw, judged).then((worker) => {
          if (worker !== undefined) recovered.push({ ...worker, heartbeat: '' });
          return worker;
        }),
      );
      const taken = await globals.Promise.all(all);
      // A delayed finish has arrived since.
      if (taken.includes(undefined)) await options.counts?.read(connection, keys, ids);
    }
    if ((await unregister(connection, identity)) === 0) break;
  }
  return recovered;
}

/** @returns undefined if the worker is alive after all, or another process has recovered it */
export async function recoverWorker(
  connection: Connection,
  keys: Keys,
  dead: Dead,
  options: RecoverOptions,
): Promise<Recovered | undefined> {
  // MGET returns nil for a key of another type.
  const [raw] = (await connection.send(['MGET', keys.worker(dead.id)], { binary: true })) as (Buffer | null)[];
  return await take(connection, keys, dead, raw, options);
}

/** Records read in one call: each may be large, and other clients of Redis wait meanwhile. */
const MOST_READ = 50;

async function readAll(connection: Connection, all: readonly string[]): Promise<(Buffer | null)[]> {
  const calls: Promise<unknown>[] = [];
  for (let i = 0; i < all.length; i += MOST_READ)
    calls.push(connection.send(['MGET', ...all.slice(i, i + MOST_READ)], { binary: true }));
  return ((await globals.Promise.all(calls)) as (Buffer | null)[][]).flat();
}

/** The latest claim first: requeued in this order, jobs are in their queue as before. */
async function readRecords(connection: Connection, keys: Keys, ids: readonly string[]): Promise<[string, Buffer][]> {
  const raws = await readAll(
    connection,
    ids.map((id) => keys.worker(id)),
  );
  const held = raws.flatMap((raw, slot) => (raw === null ? [] : [{ id: ids[slot], raw, slot, call: callOf(raw) }]));
  held.sort((a, b) => b.call - a.call || b.slot - a.slot);
  return held.map(({ id, raw }) => [id, raw]);
}

/** The token consists of nonce, number of the call in base 36, and slot. */
function callOf(raw: Buffer): number {
  return Number.parseInt(parseRecord(raw)?.token?.split('-')[1] ?? '', 36) || 0;
}

async function take(
  connection: Connection,
  keys: Keys,
  dead: Dead,
  raw: Buffer | null,
  options: RecoverOptions,
): Promise<Recovered | undefined> {
  const { id } = dead;
  const record = raw === null ? undefined : parseRecord(raw);
  const args: Argument[] = [
    id,
    keys.heartbeats,
    dead.heartbeat,
    keys.worker(id),
    raw ?? '',
    keys.started(id),
    keys.processedBy(id),
    keys.failuresOf(id),
  ];
  if (raw !== null && !isEmptyRecord(raw) && !options.isAccountedFor)
    args.push(...jobArgs(keys, dead, raw, record, options));
  const reply = Number(await callScript(connection, SCRIPTS.recover, [keys.workers], args));
  if (reply === 0) return undefined;
  const outcome = FATES[reply];
  const job = outcome && { class: record?.class ?? '', queue: record?.queue ?? '', outcome };
  return { ...dead, job };
}

/** Ruby writes `{}` or nothing for "no job". */
function isEmptyRecord(raw: Buffer): boolean {
  const text = raw.toString().trim();
  return text === '' || (text.startsWith('{') && text.endsWith('}') && text.slice(1, -1).trim() === '');
}

function jobArgs(
  keys: Keys,
  { id, death }: Dead,
  raw: Buffer,
  record: ClaimRecord | undefined,
  options: RecoverOptions,
): Argument[] {
  const ours = record?.token !== undefined && record.queue !== '';
  const failed = (error: Error) => {
    const { head, payload, tail } = entryAround(error, id, raw, record);
    const suspects = ours ? [keys.suspects, suspectField(record.payload)] : ['', ''];
    const lock = lockArgsOf(keys, record?.payload ?? raw, false);
    return { start: [keys.failed, keys.failures, head, payload], tail, known: [...suspects, ...lock] };
  };
  if (!ours || options.onDead === 'fail' || options.failWith !== undefined) {
    const { start, tail, known } = failed(options.failWith ?? dirtyExit(id, death, record?.class, options.exit));
    return [...start, tail, ...known];
  }
  const { start, tail, known } = failed(poisonPill(id, death, options.exit, record.quarantined));
  const [before, after] = around(tail, NAMES);
  const { queue } = record;
  const origin = [keys.queues, queue, keys.queue(queue), record.payload];
  const quarantine = options.quarantine ? [keys.quarantines, keys.quarantine(queue)] : ['', ''];
  const nonce = record.token?.split('-')[0] ?? '';
  const retry = record.retry === undefined ? [] : [keys.retries, envelopeOf(record, record.retry)];
  const told = [record.quarantined ? '1' : '', countsFor(record, options) ? '1' : '', nonce, nameOf(id, death), after];
  return [...start, before, ...known, ...origin, ...quarantine, ...told, ...retry];
}

function around(text: string, part: string): [string, string] {
  const at = text.indexOf(part);
  return [text.slice(0, at), text.slice(at + part.length)];
}

function countsFor(record: ClaimRecord, { countsAsDeath, begun }: RecoverOptions): boolean {
  if (countsAsDeath === false) return false;
  return !record.quarantined || begun === undefined || begun.has(record.token ?? '');
}

/** The process, and how its death was found unless it was seen; without blanks and characters that JSON escapes. */
function nameOf(id: string, death: DeathEvidence): string {
  const name = encodeURI(processOf(id).replace(/\p{Surrogate}/gu, '\ufffd'));
  return death === 'seen' ? name : `${name}(${death})`;
}
