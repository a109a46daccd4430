/** Reads large keys in steps that do not delay Redis: a hash or a set by cursor, arrays in slices. */
import type { Connection } from '../redis/connection.js';

/** @param width 2 for a hash, which yields field and value; 1 for a set. Changed entries may come twice or never. */
export async function* scan(
  connection: Connection,
  [command, key]: readonly [string, string],
  width: number,
): AsyncGenerator<string[]> {
  for await (const some of scanBytes(connection, [command, key], width)) yield some.map(String);
}

/** The same for values that may not be UTF-8. */
export async function* scanBytes(
  connection: Connection,
  [command, key]: readonly [string, string],
  width: number,
): AsyncGenerator<Buffer[]> {
  let cursor = '0';
  do {
    const reply = await connection.send([command, key, cursor, 'COUNT', '1000'], { binary: true });
    const [next, flat] = reply as [Buffer, Buffer[]];
    for (let i = 0; i < flat.length; i += width) yield flat.slice(i, i + width);
    cursor = next.toString();
  } while (cursor !== '0');
}

/** Keys with a prefix; one may come twice. Not for workers: it iterates over all keys of the database. */
export async function* scanKeys(connection: Connection, beginning: string): AsyncGenerator<string> {
  const pattern = `${beginning.replace(/[\\*?[\]^]/g, '\\$&')}*`;
  let cursor = '0';
  do {
    const [next, found] = (await connection.send(['SCAN', cursor, 'MATCH', pattern, 'COUNT', '1000'])) as [
      string,
      string[],
    ];
    yield* found;
    cursor = next;
  } while (cursor !== '0');
}

/** In slices of at most `size`, in order. */
export function* slices<T>(all: readonly T[], size: number): Generator<readonly T[]> {
  for (let first = 0; first < all.length; first += size) yield all.slice(first, first + size);
}
