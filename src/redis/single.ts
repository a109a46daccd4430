/** The Locator of a fixed server: that of an address, or that of the caller's client. */
import type { RedisNode, SingleAddress } from '../config/address.js';
import { openDuplicate, openNode, type RedisClient } from './connection.js';
import type { ConnectOptions } from './options.js';
import type { Locator } from './reconnecting-connection.js';

/** A placeholder: there is only one node. */
const ONLY: RedisNode = { host: '', port: 0 };
const common = { clustered: false, longestPauseMs: 2000, locate: async () => ONLY };

export function singleLocator(options: ConnectOptions, { at, tls, login, database }: SingleAddress): Locator {
  const target = { at, tls, login, database };
  return { ...common, open: (_, mode, events, signal) => openNode(options, target, mode, events, signal) };
}

export function clientLocator(client: RedisClient): Locator {
  return { ...common, open: (_, mode, events, signal) => openDuplicate(client, mode, events, signal) };
}
