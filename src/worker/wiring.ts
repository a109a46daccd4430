/**
 * What the settings mean to the rooms that know none: a connection, the heartbeats. The supervisor needs these as its
 * children do, so they stand apart from what only a child loads.
 */
import type { Settings } from '../config/settings.js';
import { type ConnectOptions, connectOptions } from '../redis/options.js';

/** A worker's connection on which replies are owed and none has come for so long is replaced. */
export const SILENCE_MS = 15_000;

export function connectOptionsOf(settings: Settings, role: 'engine' | 'heartbeat'): ConnectOptions {
  return connectOptions(settings, `tsworker:${process.pid}:${role}`, SILENCE_MS);
}

export function heartbeatOptions(settings: Settings) {
  const { heartbeat, pruneAfter, forcePrune, onDead } = settings;
  return { heartbeatMs: heartbeat * 1000, pruneAfterMs: pruneAfter * 1000, forcePrune, onDead };
}
