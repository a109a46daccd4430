/** A failed list on a test Redis, and other clients that push to it and remove from it at chosen moments. */
import type { Argument, Connection } from '../../src/redis/connection.js';
import { createKeys } from '../../src/resque/keys.js';
import type { TestClient } from './redis.js';

export const keys = createKeys('resque:');

/** In Ruby's format. `id` makes payload and entry unique. */
export function entryText(id: number, more: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    failed_at: '2026/11/24 02:58:25 UTC',
    payload: { class: 'Mail', args: [id] },
    exception: 'TypeError',
    error: `boom ${id}`,
    backtrace: ['mail.rb:4:in perform'],
    worker: 'web1:4711:mail',
    queue: 'mail',
    ...more,
  });
}

/** What a retry pushes for it. */
export function payloadText(id: number, name = 'Mail'): string {
  return JSON.stringify({ class: name, args: [id] });
}

/** The ids in payloads or entries, in order. */
export function idsIn(texts: readonly string[]): number[] {
  return texts.map((text) => Number(/"args":\[(\d+)\]/.exec(text)?.[1] ?? Number.NaN));
}

export async function pushFailed(client: TestClient, entries: readonly string[]): Promise<void> {
  if (entries.length > 0) await client.rPush(keys.failed, [...entries]);
}

/** A connection that runs an action before its n-th call. */
export function meddled(inner: Connection, meddle: (call: number) => Promise<void>): Connection {
  let calls = 0;
  // One after the other: calls that are sent together would otherwise overtake the action.
  let last: Promise<unknown> = Promise.resolve();
  const send = (args: readonly Argument[], options?: { binary?: boolean }) => {
    const call = calls++;
    const reply = last.then(() => meddle(call)).then(() => inner.send(args, options));
    last = reply.catch(() => {});
    return reply;
  };
  return { tracking: false, ready: true, drop: () => {}, limitSilence: () => {}, close: async () => {}, send };
}
