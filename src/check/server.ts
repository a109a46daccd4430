/** Which server answers, and whether it takes writes. */
import { bad, type Finding, good, warning } from './finding.js';
import type { RedisSeen } from './seen.js';

/** The first version with all that we use; from 6.0 on it works, before that it polls. */
const WANTED = [6, 2] as const;

export async function checkServer({ connection, info, uri }: RedisSeen): Promise<Finding[]> {
  const hello = await connection.send(['HELLO']).then(fieldsOf, () => new Map<string, string>());
  const name = hello.get('server') ?? 'redis';
  const version = info?.get('valkey_version') ?? hello.get('version') ?? info?.get('redis_version');
  const role = hello.get('role') ?? info?.get('role');
  const at = `${uri} answers`;
  return [versionFinding(at, name, version), ...roleFinding(role)];
}

function versionFinding(at: string, name: string, version: string | undefined): Finding {
  if (version === undefined) return warning(`${at}, and does not tell its version`, 'Redis 6.2 or newer is best');
  const what = `${at}: ${name} ${version}`;
  if (isOlder(version)) return warning(what, 'Redis 6.2 or newer is best; before 6.0 the worker polls for jobs');
  return good(what);
}

function isOlder(version: string): boolean {
  const [major, minor] = version.split('.').map(Number);
  return major < WANTED[0] || (major === WANTED[0] && minor < WANTED[1]);
}

function roleFinding(role: string | undefined): Finding[] {
  if (role === undefined || role === 'master') return [];
  return [bad(`it is a replica, which takes no writes`, 'give the address of the master, or redis+sentinel://…')];
}

/** A map in RESP3, a flat list in RESP2. */
function fieldsOf(reply: unknown): Map<string, string> {
  const entries = Array.isArray(reply)
    ? reply.flatMap((value, i) => (i % 2 === 0 ? [[String(value), String(reply[i + 1])] as const] : []))
    : Object.entries(reply as Record<string, unknown>).map(([key, value]) => [key, String(value)] as const);
  return new Map(entries);
}
