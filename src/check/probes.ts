/** The table of probes for a Redis that can be reached. All probes only read. */
import type { Settings } from '../config/settings.js';
import type { Connection } from '../redis/connection.js';
import { isDenied, requirePermissions } from '../redis/permissions.js';
import { serverTimeMs } from '../registry/clock.js';
import { bad, type Finding, findingOf, good, warning } from './finding.js';

/** The argument of each probe. */
export interface RedisSeen {
  readonly connection: Connection;
  readonly settings: Settings;
  /** The address without its password. */
  readonly uri: string;
  /** The fields of INFO; undefined: the ACL denies it. */
  readonly info: ReadonlyMap<string, string> | undefined;
}

type Probe = (seen: RedisSeen) => Promise<readonly Finding[]> | readonly Finding[];

/** In the order of the output. */
const PROBES: readonly Probe[] = [
  checkServer,
  checkLatency,
  checkClock,
  checkRights,
  checkTracking,
  checkReplicas,
  checkInfo,
  checkMemory,
  checkPersistence,
];

export async function runProbes(seen: RedisSeen): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const probe of PROBES) findings.push(...(await probe(seen)));
  return findings;
}

/** undefined if the ACL denies it, or a proxy does not answer. */
export async function readInfo(connection: Connection): Promise<RedisSeen['info']> {
  const text = await connection.send(['INFO']).catch((error: unknown) => {
    if (isDenied(error) || (error instanceof Error && error.message.startsWith('ERR'))) return undefined;
    throw error;
  });
  return text === undefined ? undefined : parseInfo(String(text));
}

function parseInfo(text: string): ReadonlyMap<string, string> {
  const pairs = text.matchAll(/^([a-z]\w*):(.*?)\r?$/gm);
  return new Map([...pairs].map(([, name, value]) => [name, value]));
}

function checkInfo({ info }: RedisSeen): Finding[] {
  if (info !== undefined) return [];
  return [
    warning(
      'eviction and persistence could not be checked: our user may not run INFO',
      'ACL SETUSER <user> +info, or run this check as another user: -uri=redis://other:password@…',
    ),
  ];
}

// The server, and whether it accepts writes.

/** The first version with all features that are used; 6.0 works, and older ones are polled. */
const BEST = [6, 2] as const;

async function checkServer({ connection, info, uri }: RedisSeen): Promise<Finding[]> {
  const hello = await connection.send(['HELLO']).then(fieldsOf, () => new Map<string, string>());
  const name = hello.get('server') ?? 'redis';
  const version = info?.get('valkey_version') ?? hello.get('version') ?? info?.get('redis_version');
  const role = hello.get('role') ?? info?.get('role');
  const at = `${uri} answers`;
  return [versionFinding(at, name, version), ...roleFinding(role)];
}

function versionFinding(at: string, name: string, version: string | undefined): Finding {
  if (version === undefined) return warning(`${at}, and does not report its version`, 'Redis 6.2 or newer is best');
  const what = `${at}: ${name} ${version}`;
  if (isOlder(version)) return warning(what, 'Redis 6.2 or newer is best; before 6.0 the worker polls for jobs');
  return good(what);
}

function isOlder(version: string): boolean {
  const [major, minor] = version.split('.').map(Number);
  return major < BEST[0] || (major === BEST[0] && minor < BEST[1]);
}

function roleFinding(role: string | undefined): Finding[] {
  if (role === undefined || role === 'master') return [];
  return [bad(`it is a replica and accepts no writes`, 'give the address of the master, or redis+sentinel://…')];
}

/** A map in RESP3, a flat list in RESP2. */
function fieldsOf(reply: unknown): Map<string, string> {
  const entries = Array.isArray(reply)
    ? reply.flatMap((value, i) => (i % 2 === 0 ? [[String(value), String(reply[i + 1])] as const] : []))
    : Object.entries(reply as Record<string, unknown>).map(([key, value]) => [key, String(value)] as const);
  return new Map(entries);
}

// The time of a round trip.

const PINGS = 21;
/** The claims and results of all slots share a round trip, so this is still usable. */
const SLOW_MS = 20;

async function checkLatency({ connection }: RedisSeen): Promise<Finding[]> {
  const times: number[] = [];
  for (let i = 0; i < PINGS; i++) {
    const began = performance.now();
    await connection.send(['PING']);
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  const median = times[PINGS >> 1];
  const text = `a round trip takes ${milliseconds(median)} ms (median of ${PINGS}; at best ${milliseconds(times[0])})`;
  if (median < SLOW_MS) return [good(text)];
  return [warning(text, 'run the worker near its Redis: below 5 ms is usual within a data centre')];
}

function milliseconds(ms: number): string {
  return ms < 10 ? ms.toFixed(2) : String(Math.round(ms));
}

// The difference between the clocks of this machine and of Redis.

const APART_MS = 2000;

async function checkClock({ connection }: RedisSeen): Promise<Finding[]> {
  const asked = Date.now();
  const server = await serverTimeMs(connection);
  const answered = Date.now();
  // The time of the round trip is not counted as a difference.
  const apart = server < asked ? server - asked : Math.max(0, server - answered);
  if (Math.abs(apart) < APART_MS) return [good('the clocks of this machine and of Redis agree')];
  const way = apart > 0 ? 'behind' : 'ahead of';
  return [
    warning(
      `the clock of this machine is ${(Math.abs(apart) / 1000).toFixed(1)} s ${way} Redis' clock`,
      "synchronise both (NTP): tsworker's heartbeats go by Redis' clock, but goworker's do not, nor do times in logs and failures",
    ),
  ];
}

// Whether the ACL allows the commands of a worker, and scripts.

async function checkRights({ connection, settings, uri }: RedisSeen): Promise<Finding[]> {
  try {
    await connection.send(['EVAL', 'return 1', '0']);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [bad(`scripts are not allowed: ${reason}`, 'allow EVAL and EVALSHA: nothing works without them')];
  }
  try {
    const more = settings.waitReplicas > 0 ? ['wait 1 1'] : [];
    await requirePermissions(connection, settings.namespace, uri, more);
    return [good('our user may run scripts and every command that the worker needs')];
  } catch (error) {
    return [findingOf(error)];
  }
}

// Whether Redis announces pushes.

async function checkTracking({ connection, settings }: RedisSeen): Promise<Finding[]> {
  try {
    // Nothing is read in between, so no key is tracked.
    await Promise.all([connection.send(['CLIENT', 'TRACKING', 'ON']), connection.send(['CLIENT', 'TRACKING', 'OFF'])]);
    return [good('Redis announces new jobs at once (CLIENT TRACKING)')];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [
      warning(
        `Redis does not announce new jobs (CLIENT TRACKING: ${reason}): the worker polls, up to every ${settings.interval} s`,
        'Redis 6.0 or newer, and ACL SETUSER <user> +client|tracking',
      ),
    ];
  }
}

// Whether there are as many replicas as -wait-replicas waits for.

function checkReplicas({ settings, info }: RedisSeen): Finding[] {
  const wanted = settings.waitReplicas;
  const there = info?.get('connected_slaves');
  if (wanted === 0 || there === undefined) return [];
  const text = `-wait-replicas=${wanted}, and Redis has ${there} ${there === '1' ? 'replica' : 'replicas'}`;
  if (Number(there) >= wanted) return [good(text)];
  return [bad(`${text}: no job would start`, 'connect more replicas, or wait for fewer')];
}

// Whether Redis may evict jobs, or will soon reject them for lack of memory.

const NEARLY_FULL = 0.9;

function checkMemory({ info }: RedisSeen): Finding[] {
  const policy = info?.get('maxmemory_policy');
  const limit = Number(info?.get('maxmemory') ?? Number.NaN);
  if (policy === undefined || Number.isNaN(limit)) return [];
  return [eviction(policy, limit), ...fullness(Number(info?.get('used_memory')), limit)];
}

/** `volatile-…` evicts only keys that expire, and jobs do not. */
function eviction(policy: string, limit: number): Finding {
  const right = 'set maxmemory-policy noeviction: a push fails then where memory is short, and no job is lost';
  if (!policy.startsWith('allkeys')) return good(`no job is evicted (maxmemory-policy ${policy})`);
  if (limit === 0) return warning(`Redis would evict jobs if maxmemory were set (maxmemory-policy ${policy})`, right);
  return bad(`Redis evicts jobs when ${megabytes(limit)} are full (maxmemory-policy ${policy})`, right);
}

function fullness(used: number, limit: number): Finding[] {
  if (limit === 0 || !(used > limit * NEARLY_FULL)) return [];
  const text = `${megabytes(used)} of ${megabytes(limit)} memory are used`;
  return [warning(text, 'raise maxmemory, or find out what fills it: pushes fail when it is full')];
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MB`;
}

// Whether jobs survive a restart of Redis.

const APPEND_ONLY = 'set appendonly yes: a crash then loses a second at most';

async function checkPersistence({ connection, info }: RedisSeen): Promise<Finding[]> {
  if (info?.get('aof_enabled') === undefined) return [];
  const failing = savingProblem(info);
  if (failing !== undefined) return [failing];
  if (info.get('aof_enabled') === '1') return [good('jobs survive a restart of Redis (appendonly yes)')];
  const points = await savePoints(connection);
  if (points === '') return [warning('Redis keeps jobs in memory only: a restart loses them all', APPEND_ONLY)];
  const what = points === undefined ? 'at most snapshots are saved' : `only snapshots are saved (save ${points})`;
  return [warning(`${what}: a crash of Redis loses the jobs since the last one`, APPEND_ONLY)];
}

/** Redis then rejects writes, or accepts writes that it cannot save. */
function savingProblem(info: ReadonlyMap<string, string>): Finding | undefined {
  const broken = ['aof_last_write_status', 'rdb_last_bgsave_status'].find((name) => info.get(name) === 'err');
  if (broken === undefined) return undefined;
  return bad(
    `Redis cannot save its data (${broken} is err), and may refuse writes`,
    "look into Redis' log; is the disk full?",
  );
}

/** Managed servers do not report it. */
async function savePoints(connection: Connection): Promise<string | undefined> {
  const reply = await connection.send(['CONFIG', 'GET', 'save']).catch(() => undefined);
  if (Array.isArray(reply)) return reply.length < 2 ? undefined : String(reply[1]);
  return reply === undefined ? undefined : String((reply as Record<string, unknown>).save);
}
