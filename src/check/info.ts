/** What INFO says, by field. Pure but for the one call. */
import type { Connection } from '../redis/connection.js';

export type Info = ReadonlyMap<string, string>;

/** undefined where our user may not ask, or a proxy does not answer. */
export async function readInfo(connection: Connection): Promise<Info | undefined> {
  const text = await connection.send(['INFO']).catch((error: unknown) => {
    if (error instanceof Error && /^(NOPERM|ERR)/.test(error.message)) return undefined;
    throw error;
  });
  return text === undefined ? undefined : parseInfo(String(text));
}

export function parseInfo(text: string): Info {
  const pairs = text.matchAll(/^([a-z]\w*):(.*?)\r?$/gm);
  return new Map([...pairs].map(([, name, value]) => [name, value]));
}
