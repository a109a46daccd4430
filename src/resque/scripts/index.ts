/** Loads the Lua scripts and calls them by SHA; a server that does not know one (restart, fail-over, flush) gets it again. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Argument, Connection } from '../../redis/connection.js';

/** A script: its text, and the SHA-1 by which Redis knows it. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

export type ScriptName = 'exchange' | 'register' | 'enter' | 'unregister' | 'recover' | 'unfail' | 'enqueue';

/** Redis knows no include: a script of several files is put together here. */
const PARTS: { readonly [name in ScriptName]?: readonly string[] } = {
  exchange: ['begin', 'finish', 'strict', 'draw', 'claim'].map((part) => `exchange/${part}`),
};

export function loadScript(name: ScriptName): Script {
  const texts = (PARTS[name] ?? [name]).map((part) => readFileSync(new URL(`./${part}.lua`, import.meta.url), 'utf8'));
  const text = texts.join('\n');
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}

/**
 * In a Cluster one key more is declared, the last: one that never exists. While a slot moves, Redis lets no call in of
 * which a declared key is missing; else a script would run until it needs a key that has moved, and end half done.
 * @returns the script's reply, with bulk strings as Buffers where `binary` is true
 */
export async function callScript(
  connection: Connection,
  script: Script,
  keys: readonly string[],
  args: readonly Argument[],
  options: { binary?: boolean } = {},
): Promise<unknown> {
  const declared = connection.clustered ? [...keys, `${keys[0]}:never`] : keys;
  const tail = [String(declared.length), ...declared, ...args];
  try {
    return await connection.send(['EVALSHA', script.sha, ...tail], options);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    return connection.send(['EVAL', script.text, ...tail], options);
  }
}
