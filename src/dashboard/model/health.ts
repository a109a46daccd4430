/** How Redis itself is: its memory, and what it does when that is used up. */
import type { Connection } from '../../redis/connection.js';
import { isDenied } from '../../redis/permissions.js';
import type { Health } from './snapshot.js';

/** @returns undefined where our user may not ask */
export async function readHealth(connection: Connection): Promise<Health | undefined> {
  try {
    const text = String(await connection.send(['INFO']));
    const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(text)?.[1] ?? '';
    return {
      at: Date.now(),
      usedMemory: Number(field('used_memory')),
      maxMemory: Number(field('maxmemory')),
      policy: field('maxmemory_policy'),
      evicted: Number(field('evicted_keys')),
      version: field('redis_version'),
    };
  } catch (error) {
    if (isDenied(error)) return undefined;
    throw error;
  }
}
