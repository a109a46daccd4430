/** How many jobs wait in each of thousands of queues, and what keeps them: five hundred in a call. */
import type { Connection } from '../redis/connection.js';
import { isDenied } from '../redis/permissions.js';
import { slices } from '../registry/scan.js';
import type { Keys } from '../resque/keys.js';
import { callScript, SCRIPTS } from '../resque/scripts/index.js';
import { askEach } from './batch.js';
import type { QueuePause } from './queue-pause.js';
import type { QueueName } from './queues.js';

export interface QueueSizes {
  /** undefined: its key is no list. */
  readonly size: number | undefined;
  readonly pause: QueuePause | undefined;
  readonly retrying: number;
  readonly quarantined: number;
  /** The job that comes next; undefined: there is none, it was not wanted, or it is too large to look at. */
  readonly head: Buffer | undefined;
}

const IN_ONE_CALL = 500;
/** A head is read to see since when it waits. */
const MOST_HEAD = 16_384;

/** @param wantsHead whether the job at the head is read too */
export async function readQueueSizes(
  connection: Connection,
  keys: Keys,
  names: readonly QueueName[],
  wantsHead: (name: QueueName) => boolean,
): Promise<QueueSizes[]> {
  const all: QueueSizes[] = [];
  for (const some of slices(names, IN_ONE_CALL)) all.push(...(await readSome(connection, keys, some, wantsHead)));
  return all;
}

async function readSome(
  connection: Connection,
  keys: Keys,
  names: readonly QueueName[],
  wantsHead: (name: QueueName) => boolean,
): Promise<QueueSizes[]> {
  const of = (prefix: string, { bytes }: QueueName) => Buffer.concat([Buffer.from(prefix), bytes]);
  const prefixes = [keys.queue(''), keys.pauseOf(''), keys.retriesOf(''), keys.quarantine('')];
  const declared = names.flatMap((name) => prefixes.map((prefix) => of(prefix, name)));
  try {
    const args = [String(MOST_HEAD), ...names.map((name) => (wantsHead(name) ? '1' : '0'))];
    const reply = (await callScript(connection, SCRIPTS.sizes, declared, args, { binary: true })) as unknown[];
    return names.map((_, i) => sizesOf(reply.slice(5 * i, 5 * i + 5)));
  } catch (error) {
    // A user who may only read may call no script: then without the heads, which cannot be bounded.
    if (!isDenied(error)) throw error;
    return await readPlainly(connection, declared);
  }
}

async function readPlainly(connection: Connection, declared: readonly Buffer[]): Promise<QueueSizes[]> {
  const commands = ['LLEN', 'PTTL', 'ZCARD', 'LLEN'];
  const replies = await askEach(
    connection,
    declared.map((key, i) => [commands[i % 4], key]),
  );
  return Array.from({ length: declared.length / 4 }, (_, i) => {
    const [length, ...rest] = replies.slice(4 * i, 4 * i + 4);
    return sizesOf([length ?? -1, ...rest.map((one) => one ?? 0), '']);
  });
}

function sizesOf([length, pauseMs, retrying, quarantined, head]: readonly unknown[]): QueueSizes {
  const left = Number(pauseMs);
  return {
    size: Number(length) < 0 ? undefined : Number(length),
    pause: left === -2 ? undefined : { leftMs: left < 0 ? undefined : left },
    retrying: Number(retrying),
    quarantined: Number(quarantined),
    head: Buffer.isBuffer(head) && head.length > 0 ? head : undefined,
  };
}
