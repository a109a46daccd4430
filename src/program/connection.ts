/** The connection of a program that enqueues: opened at the first need, kept, and closed when asked. */
import { maskUri } from '../config/uri.js';
import { connect, connectLike } from '../redis/connect.js';
import type { Connection } from '../redis/connection.js';
import { connectOptions } from '../redis/options.js';
import { program, settingsInForce, type WorkSettings } from './state.js';

/**
 * Opens the connection for `enqueue`; a second call does nothing. `work` needs no init.
 * @throws TsworkerError USAGE or REDIS
 */
export async function init(): Promise<void> {
  await open();
}

/** Closes what `init` or `enqueue` opened, so that the program can end. A running worker is not touched. */
export async function close(): Promise<void> {
  const state = program();
  const connection = state.own ?? (await state.opening?.catch(() => undefined));
  state.own = undefined;
  state.opening = undefined;
  await connection?.close();
}

/** A connection for what is no push: that of the worker in this process, or the one that `enqueue` keeps. */
export async function connected(): Promise<{ readonly connection: Connection; readonly namespace: string }> {
  return { connection: program().working?.connection ?? (await open()), namespace: settingsInForce().namespace };
}

export async function open(): Promise<Connection> {
  const state = program();
  state.opening ??= dial(state.settings);
  try {
    state.own = await state.opening;
    return state.own;
  } catch (error) {
    state.opening = undefined;
    throw error;
  }
}

function dial(given: WorkSettings): Promise<Connection> {
  const settings = settingsInForce();
  const withinMs = settings.enqueueTimeout * 1000;
  if (given.redis !== undefined) return connectLike(given.redis, withinMs, { withinMs });
  const options = connectOptions(settings, `tsworker:${process.pid}:producer`, withinMs);
  return connect(options, maskUri(settings.uri), { withinMs });
}
