/** Much in steps that do not hold up Redis: a hash or a set with its cursor, a list of ours in slices. */
import type { Connection } from '../redis/connection.js';

/** @param width 2 for a hash, which yields field and value; 1 for a set. What changes meanwhile may come twice or not. */
export async function* scan(
  connection: Connection,
  [command, key]: readonly [string, string],
  width: number,
): AsyncGenerator<string[]> {
  for await (const some of scanBytes(connection, [command, key], width)) yield some.map(String);
}

/** The same where what is scanned may be no UTF-8. */
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

/** Keys that begin so, in steps; one may come twice. For who asks once, not for a worker: it looks at every key there is. */
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
