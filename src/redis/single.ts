/** The Locator of one server that does not move: the one of an address, or the one of a client of the caller's. */
import type { RedisNode, SingleAddress } from '../config/address.js';
import { openDuplicate, openNode, type RedisClient } from './connection.js';
import type { ConnectOptions } from './options.js';
import type { Locator } from './reconnecting-connection.js';

/** There is nothing to choose. */
const ONLY: RedisNode = { host: '', port: 0 };
const common = { clustered: false, longestPauseMs: 2000, locate: async () => ONLY };

export function singleLocator(options: ConnectOptions, { at, tls, login, database }: SingleAddress): Locator {
  const target = { at, tls, login, database };
  return { ...common, open: (_, mode, events, signal) => openNode(options, target, mode, events, signal) };
}

export function clientLocator(client: RedisClient): Locator {
  return { ...common, open: (_, mode, events, signal) => openDuplicate(client, mode, events, signal) };
}
