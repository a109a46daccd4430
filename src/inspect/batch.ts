/**
 * Reads large amounts with few calls and little memory: scans in batches, lists in pages, and many keys in one call.
 */
import type { Argument, Connection } from '../redis/connection.js';
import { slices } from '../registry/scan.js';

export { slices };

/** Collects single items into batches. */
export async function* batches<T>(source: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let batch: T[] = [];
  for await (const item of source) {
    if (batch.push(item) < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** MGET for any number of keys: one call for each slice. */
export async function getAll(connection: Connection, keys: readonly string[]): Promise<(string | null)[]> {
  if (keys.length === 0) return [];
  const calls = [...slices(keys, 1000)].map((some) => connection.send(['MGET', ...some]));
  return ((await Promise.all(calls)) as (string | null)[][]).flat();
}

/** For commands that take one key: pipelined. The result for a key of another type is undefined. */
export async function askEach(
  connection: Connection,
  commands: readonly (readonly Argument[])[],
  options?: { readonly binary: boolean },
): Promise<(unknown | undefined)[]> {
  const replies: unknown[] = [];
  for (const some of slices(commands, 500))
    replies.push(...(await Promise.all(some.map((one) => ask(connection, one, options)))));
  return replies;
}

async function ask(
  connection: Connection,
  command: readonly Argument[],
  options?: { readonly binary: boolean },
): Promise<unknown> {
  try {
    return await connection.send(command, options);
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('WRONGTYPE')) return undefined;
    throw error;
  }
}

export interface Page {
  /** The index of the first entry. */
  readonly first: number;
  readonly entries: readonly Buffer[];
}

const FIRST_PAGE = 50;
const LARGEST_PAGE = 1000;
const PAGE_LENGTH = 1_000_000;

/**
 * The entries `from` to `to` (both included, counted from the head), in pages of about a
 * million bytes, since an entry may have a hundred bytes or a hundred thousand.
 */
export async function* listPages(
  connection: Connection,
  key: Argument,
  from: number,
  to: number,
): AsyncGenerator<Page> {
  let size = FIRST_PAGE;
  for (let first = from; first <= to; ) {
    const last = Math.min(to, first + size - 1);
    const reply = await connection.send(['LRANGE', key, String(first), String(last)], { binary: true });
    const entries = reply as Buffer[];
    if (entries.length === 0) return;
    yield { first, entries };
    first += entries.length;
    const each = entries.reduce((sum, entry) => sum + entry.length, 0) / entries.length;
    size = Math.max(1, Math.min(LARGEST_PAGE, Math.floor(PAGE_LENGTH / Math.max(each, 1))));
  }
}
