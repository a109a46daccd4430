/** Redis: reached or not, and then the table of what is asked of it. Every probe reads only. */
import { setImmediate } from 'node:timers/promises';
import type { Settings } from '../config/settings.js';
import { maskUri } from '../config/uri.js';
import { connect } from '../redis/connect.js';
import type { Connection } from '../redis/connection.js';
import { connectOptions } from '../redis/options.js';
import { checkClock } from './clock.js';
import { bad, type Finding, findingOf, warning } from './finding.js';
import { readInfo } from './info.js';
import { checkLatency } from './latency.js';
import { checkMemory } from './memory.js';
import { checkPersistence } from './persistence.js';
import { checkReplicas } from './replicas.js';
import { checkRights } from './rights.js';
import type { RedisSeen } from './seen.js';
import { checkServer } from './server.js';
import { checkTracking } from './tracking.js';

type Probe = (seen: RedisSeen) => Promise<readonly Finding[]> | readonly Finding[];

/** In the order in which they are shown. */
const PROBES: readonly Probe[] = [
  checkServer,
  checkLatency,
  checkClock,
  checkRights,
  checkTracking,
  checkReplicas,
  aboutInfo,
  checkMemory,
  checkPersistence,
];

/** A reply that takes longer never comes. */
const SILENCE_MS = 10_000;

/** @param use what else is asked over the connection; not called where there is none */
export async function checkRedis<T>(
  settings: Settings,
  use: (seen: RedisSeen) => Promise<T>,
): Promise<{ findings: readonly Finding[]; used?: T }> {
  const uri = maskUri(settings.uri);
  const options = connectOptions(settings, `tsworker:${process.pid}:check`, SILENCE_MS);
  let connection: Connection;
  try {
    connection = await connect(options, uri, { patient: false });
  } catch (error) {
    return { findings: [findingOf(error)] };
  }
  try {
    // Latency is measured when all that connecting began is done.
    await setImmediate();
    const seen = { connection, settings, uri, info: await readInfo(connection) };
    const findings: Finding[] = [];
    for (const probe of PROBES) findings.push(...(await probe(seen)));
    return { findings, used: await use(seen) };
  } catch (error) {
    // A fault of ours is no finding.
    if (!(error instanceof Error) || error.constructor === TypeError) throw error;
    return {
      findings: [bad(`${uri} answers no more: ${error.message}`, 'is it restarting, or overloaded? Check again')],
    };
  } finally {
    await connection.close();
  }
}

function aboutInfo({ info }: RedisSeen): Finding[] {
  if (info !== undefined) return [];
  return [
    warning(
      'whether jobs may be evicted, and survive a restart, cannot be told: our user may not run INFO',
      'ACL SETUSER <user> +info, or run this check as another user: -uri=redis://other:password@…',
    ),
  ];
}
