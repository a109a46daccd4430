/**
 * Finds the keys of tsworker workers that are not registered any more: a goworker that prunes one unregisters it, and leaves
 * its record and its start time. Live workers are ignored, also those that were unregistered: they register again.
 */
import type { Connection } from '../redis/connection.js';
import { processOf } from '../registry/identity.js';
import { isOurStart } from '../registry/processes/liveness.js';
import { readMachines } from '../registry/processes/processes.js';
import { type Recovered, type RecoverOptions, recoverWorker } from '../registry/recovery/recover.js';
import { scanKeys } from '../registry/scan.js';
import type { Keys } from '../resque/keys.js';
import { parseRecord } from '../resque/record.js';
import { askEach, batches } from './batch.js';
import { FailedEntry } from './failed/entry.js';
import { FailedList } from './failed/list.js';

export interface Leftover {
  readonly id: string;
  readonly job: { readonly class: string; readonly queue: string } | undefined;
  /** The process that pruned it has moved its job to `failed`. */
  readonly isFailed: boolean;
}

/** @param signal ends the search; the result is what was found until then */
export async function findLeftovers(connection: Connection, keys: Keys, signal?: AbortSignal): Promise<Leftover[]> {
  const machines = await readMachines(connection, keys);
  const found: Leftover[] = [];
  const seen = new Set<string>();
  for await (const batch of batches(scanKeys(connection, keys.worker('')), 1000)) {
    const ids = batch.map((key) => key.slice(keys.worker('').length).replace(/:started$/, ''));
    const fresh = [...new Set(ids)].filter((id) => !seen.has(id) && !machines.ours.has(processOf(id)));
    for (const id of fresh) seen.add(id);
    found.push(
      ...(await readUnregistered(
        connection,
        keys,
        fresh.filter((id) => processOf(id) !== ''),
      )),
    );
    if (signal?.aborted) break;
  }
  return found.some(({ job }) => job !== undefined) ? await markFailed(connection, keys, found) : found;
}

async function readUnregistered(connection: Connection, keys: Keys, ids: readonly string[]): Promise<Leftover[]> {
  const asked = await askEach(
    connection,
    ids.flatMap((id) => [
      ['SISMEMBER', keys.workers, id],
      ['HEXISTS', keys.heartbeats, id],
      ['ZSCORE', keys.processes, processOf(id)],
    ]),
  );
  const unknown = ids.filter((_, i) => {
    const [registered, beats, lives] = asked.slice(3 * i, 3 * i + 3);
    return registered === 0 && beats === 0 && lives === null;
  });
  if (unknown.length === 0) return [];
  const names = unknown.flatMap((id) => [keys.started(id), keys.worker(id)]);
  const texts = (await connection.send(['MGET', ...names], { binary: true })) as (Buffer | null)[];
  return unknown.flatMap((id, i) => {
    const [started, raw] = texts.slice(2 * i, 2 * i + 2);
    const record = raw === null ? undefined : parseRecord(raw);
    if (record?.token === undefined && !isOurStart(started?.toString())) return [];
    const job = record && { class: record.class, queue: record.queue };
    return [{ id, job, isFailed: false }];
  });
}

/** A worker dies once: the entry of its death. */
async function markFailed(connection: Connection, keys: Keys, leftovers: readonly Leftover[]): Promise<Leftover[]> {
  const died = new Map<string, string>();
  for await (const page of new FailedList(connection, keys).down())
    for (const { raw } of page) {
      const entry = new FailedEntry(raw);
      if (/did not gracefully exit|still being processed/.test(entry.error)) died.set(entry.worker, entry.class);
    }
  return leftovers.map((one) => ({ ...one, isFailed: one.job !== undefined && died.get(one.id) === one.job.class }));
}

/** Removes these keys; a job that exists nowhere else is recovered like that of a dead worker. */
export async function removeLeftovers(
  connection: Connection,
  keys: Keys,
  leftovers: readonly Leftover[],
  options: RecoverOptions,
): Promise<Recovered[]> {
  const removed = leftovers.map(({ id, isFailed }) =>
    recoverWorker(connection, keys, { id, death: 'silent', heartbeat: '' }, { ...options, isAccountedFor: isFailed }),
  );
  return (await Promise.all(removed)).filter((one) => one !== undefined);
}
