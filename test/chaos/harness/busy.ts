/** Which processes have jobs in hand at this moment: to break one that has none shows little. */
import type { TestClient } from '../../support/redis.js';
import type { Daemon } from './daemon.js';
import type { Link } from './link.js';
import { NAMESPACE } from './names.js';

export async function busyPids(link: Link): Promise<ReadonlySet<number>> {
  return await link.ask(readBusy).catch(() => new Set<number>());
}

export function isBusy(daemon: Daemon, busy: ReadonlySet<number>): boolean {
  return daemon.children().some((pid) => busy.has(pid));
}

export async function readBusy(client: TestClient): Promise<Set<number>> {
  const ids = await client.sMembers(`${NAMESPACE}workers`);
  if (ids.length === 0) return new Set();
  const records = await client.mGet(ids.map((id) => `${NAMESPACE}worker:${id}`));
  return new Set(ids.filter((_, n) => records[n] !== null).map((id) => Number(/:(\d+)-/.exec(id)?.[1])));
}
