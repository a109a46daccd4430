/** Checks the connection to Redis, and then runs the probes. */
import { setImmediate } from 'node:timers/promises';
import type { Settings } from '../config/settings.js';
import { maskUri } from '../config/uri.js';
import { connect } from '../redis/connect.js';
import type { Connection } from '../redis/connection.js';
import { connectOptions } from '../redis/options.js';
import { bad, type Finding, findingOf } from './finding.js';
import { type RedisSeen, readInfo, runProbes } from './probes.js';

/** The time limit for each reply. */
const SILENCE_MS = 5000;

/** @param use further checks over the connection; not called if there is none */
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
    // Latency is measured after everything that the connect started has finished.
    await setImmediate();
    const seen = { connection, settings, uri, info: await readInfo(connection) };
    return { findings: await runProbes(seen), used: await use(seen) };
  } catch (error) {
    // A bug in tsworker is not a finding.
    if (!(error instanceof Error) || error.constructor === TypeError) throw error;
    return {
      findings: [bad(`${uri} stopped answering: ${error.message}`, 'is it restarting, or overloaded? Check again')],
    };
  } finally {
    await connection.close();
  }
}
