/** Where each single job is in Redis, by its id: what the counts cannot tell. For the end, when nothing moves. */
import type { TestClient } from '../../support/redis.js';
import { NAMESPACE, QUEUES } from './names.js';

export interface Places {
  /** In a queue, in its quarantine, or to run again after a failure. */
  readonly waiting: readonly number[];
  readonly claimed: readonly number[];
  readonly failed: readonly Failure[];
}

export interface Failure {
  readonly id: number;
  readonly class: string;
  readonly exception: string;
  readonly error: string;
}

interface Payload {
  readonly class: string;
  readonly args: readonly [number, ...unknown[]];
}

export async function findJobs(client: TestClient): Promise<Places> {
  const waiting: number[] = [];
  const lists = QUEUES.flatMap((queue) => [`queue:${queue}`, `tsworker:quarantine:${queue}`]);
  for (const list of lists)
    for (const text of await client.lRange(`${NAMESPACE}${list}`, 0, -1)) waiting.push(idOf(JSON.parse(text)));
  for (const queue of QUEUES)
    for (const text of await client.zRange(`${NAMESPACE}tsworker:retries:${queue}`, 0, -1))
      waiting.push(idOf((JSON.parse(text) as { payload: Payload }).payload));
  for (const time of await client.zRange(`${NAMESPACE}delayed_queue_schedule`, 0, -1))
    for (const text of await client.lRange(`${NAMESPACE}delayed:${time}`, 0, -1)) waiting.push(idOf(JSON.parse(text)));
  const claimed: number[] = [];
  for (const worker of await client.sMembers(`${NAMESPACE}workers`)) {
    const text = await client.get(`${NAMESPACE}worker:${worker}`);
    if (text !== null) claimed.push(idOf((JSON.parse(text) as { payload: Payload }).payload));
  }
  const failed = (await client.lRange(`${NAMESPACE}failed`, 0, -1)).map((text) => {
    const { payload, exception, error } = JSON.parse(text) as { payload: Payload; exception: string; error: string };
    return { id: idOf(payload), class: payload.class, exception, error };
  });
  return { waiting, claimed, failed };
}

function idOf(payload: Payload): number {
  return payload.args[0];
}
