/** Restores deleted entries from the trash (see remove.ts) to the end of the failed list. */
import type { Connection } from '../../redis/connection.js';
import type { Keys } from '../../resque/keys.js';
import { callScript, SCRIPTS } from '../../resque/scripts/index.js';

const MOST_IN_ONE_STEP = 500;

/** Yields the number of restored entries after each atomic step. */
export async function* restore(
  connection: Connection,
  keys: Keys,
  trash: string,
  most = MOST_IN_ONE_STEP,
): AsyncGenerator<number> {
  for (;;) {
    const restored = Number(await callScript(connection, SCRIPTS.restore, [trash, keys.failed], [String(most)]));
    if (restored === 0) return;
    yield restored;
  }
}

/** @returns the number of restored entries */
export async function restoreAll(connection: Connection, keys: Keys, trash: string, most?: number): Promise<number> {
  let all = 0;
  for await (const some of restore(connection, keys, trash, most)) all += some;
  return all;
}
