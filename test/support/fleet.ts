/** Registered workers as four programs write them, without running any: what the commands must show in the same way. */
import type { TestClient } from './redis.js';

const iso = (ms: number) => new Date(ms).toISOString();
const seconds = (ms: number) => Math.floor(ms / 1000);

/** Ids and records, by program; `agoMs`: the age of each job. */
export async function writeFleet(client: TestClient, now = Date.now(), agoMs = 60_000): Promise<void> {
  const at = now - agoMs;
  await client.sAdd('resque:queues', ['critical', 'low', 'high', 'mailers']);
  await ruby(client, now, at);
  await goworker(client, at);
  await node(client, now, at);
  await tsworker(client, now, at);
  await client.mSet({ 'resque:stat:processed': '12345', 'resque:stat:failed': '12' });
}

async function ruby(client: TestClient, now: number, at: number): Promise<void> {
  const id = 'web1:4711:critical,low';
  await client.sAdd('resque:workers', [id, 'web1:4712:*']);
  await client.set(`resque:worker:${id}:started`, '2026-11-24 02:58:25 +0000');
  await client.hSet('resque:workers:heartbeat', id, iso(now).replace(/\.\d+Z/, '+00:00'));
  const record = { queue: 'low', run_at: iso(at), payload: { class: 'Archive', args: [35, 'tar'] } };
  await client.set(`resque:worker:${id}`, JSON.stringify(record));
  await client.mSet({ [`resque:stat:processed:${id}`]: '7', [`resque:stat:failed:${id}`]: '1' });
}

async function goworker(client: TestClient, at: number): Promise<void> {
  const [slot, poller] = ['web2:99-0:high,high,low', 'web2:99-poller:high,high,low'];
  await client.sAdd('resque:workers', [slot, poller]);
  // It sends one heartbeat, at its start.
  await client.hSet('resque:workers:heartbeat', slot, iso(at - 1000).replace(/\.\d+Z/, '+00:00'));
  await client.mSet({ [`resque:stat:processed:${slot}`]: '0', [`resque:stat:failed:${slot}`]: '0' });
  await client.set(`resque:worker:${slot}:started`, '2026-11-24 06:00:50.462355261 +0300 MSK m=+0.016242135');
  const runAt = iso(at).replace('Z', '462355+00:00');
  await client.set(
    `resque:worker:${slot}`,
    `{"queue":"high","run_at":"${runAt}","payload":{"class":"GoJob","args":[12345678901234567890]}}`,
  );
}

async function node(client: TestClient, now: number, at: number): Promise<void> {
  const [name, id] = ['web3:5+1', 'web3:5+1:mailers'];
  await client.sAdd('resque:workers', id);
  await client.set(`resque:worker:${id}:started`, String(seconds(now)));
  await client.set(`resque:worker:ping:${name}`, JSON.stringify({ time: seconds(now), name, queues: 'mailers' }));
  const record = { run_at: new Date(at).toString(), queue: 'mailers', worker: name };
  await client.set(
    `resque:worker:${id}`,
    JSON.stringify({ ...record, payload: { class: 'NodeJob', queue: 'mailers', args: {} } }),
  );
  await client.set(`resque:stat:processed:${name}`, '3');
}

async function tsworker(client: TestClient, now: number, at: number): Promise<void> {
  const ids = [0, 1].map((slot) => `web4.ts:8-${slot}:high,low`);
  await client.sAdd('resque:workers', ids);
  for (const id of ids) {
    await client.hSet('resque:workers:heartbeat', id, `${iso(now).slice(0, 19)}Z`);
    await client.set(`resque:worker:${id}:started`, '2026-11-24 02:58:25 +0000');
  }
  const record = `{"token":"abc-1-0","queue":"high","run_at":"${iso(at)}","payload":{"class":"TsJob","args":[]}}`;
  await client.set(`resque:worker:${ids[0]}`, record);
}

/** 10,000 and more at once. Every second one has a job. */
export async function writeMany(client: TestClient, count: number): Promise<void> {
  const beat = `${new Date().toISOString().slice(0, 19)}Z`;
  for (let first = 0; first < count; first += 1000) {
    const ids = Array.from({ length: 1000 }, (_, i) => `h${first / 1000}.ts:${first}-${i}:high,low`);
    await Promise.all([
      client.sAdd('resque:workers', ids),
      client.hSet('resque:workers:heartbeat', Object.fromEntries(ids.map((id) => [id, beat]))),
      client.mSet(Object.fromEntries(ids.flatMap((id, i) => (i % 2 ? [[`resque:worker:${id}`, recordOf(i)]] : [])))),
    ]);
  }
}

function recordOf(n: number): string {
  return `{"queue":"high","run_at":"2026-11-24T02:58:25Z","payload":{"class":"Archive","args":[${n}]}}`;
}
