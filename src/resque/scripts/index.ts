/**
 * Loads the Lua scripts and calls them by SHA; a server without one (restart, failover, flush) gets it again. All are
 * loaded once, with this module: a deployment may replace or remove the files while a worker runs, which must keep its
 * own version.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { CODE_FOLDER } from '../../package-files.js';
import type { Argument, Connection } from '../../redis/connection.js';

/** A script: its text, and the SHA-1 by which Redis knows it. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

/** The files of each script, by name: they are concatenated, since Redis has no include. */
const FILES = {
  ackAndClaim: [
    'unique/locks',
    ...['arguments', 'records', 'moved', 'json', 'retries', 'queues', 'main'].map((part) => `ack-and-claim/${part}`),
  ],
  claimLarge: ['claim-large'],
  countQuarantined: ['count-quarantined'],
  register: ['register'],
  enter: ['enter'],
  unregister: ['unregister'],
  recover: ['unique/locks', 'recover'],
  unfail: ['unique/locks', 'unfail'],
  restore: ['restore'],
  takeQueued: ['unique/locks', 'take-queued'],
  glance: ['glance'],
  sizes: ['sizes'],
  sample: ['sample'],
  peekLists: ['peek-lists'],
  enqueue: ['enqueue'],
  pushUnique: ['delayed/common', 'unique/push'],
  settleLocks: ['unique/locks', 'unique/settle'],
  takeRetries: ['unique/locks', 'take-retries'],
  delay: ['delayed/common', 'delayed/delay'],
  promote: ['delayed/common', 'delayed/promote'],
  publishSchedule: ['schedule/publish'],
  tick: ['schedule/tick'],
  pauseSchedule: ['schedule/pause'],
  takeDelayed: ['unique/locks', 'delayed/common', 'delayed/take'],
} as const satisfies Record<string, readonly string[]>;

export type ScriptName = keyof typeof FILES;

export const SCRIPTS = Object.fromEntries(
  Object.entries(FILES).map(([name, files]) => [name, loadScript(files)]),
) as Readonly<Record<ScriptName, Script>>;

function loadScript(files: readonly string[]): Script {
  const texts = files.map((file) => readFileSync(new URL(`resque/scripts/${file}.lua`, CODE_FOLDER), 'utf8'));
  const text = texts.join('\n');
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}

/**
 * In a Cluster an additional key is declared last: one that never exists. While a slot moves, Redis rejects every call
 * with a missing declared key; otherwise a script would run until it needs a key that has moved, and end halfway.
 * @returns the script's reply, with bulk strings as Buffers if `binary` is true
 */
export async function callScript(
  connection: Connection,
  script: Script,
  keys: readonly Argument[],
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
