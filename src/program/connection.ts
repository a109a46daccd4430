/** The connection of a program that enqueues: opened at the first use, and kept until `close`. */
import { maskUri } from '../config/uri.js';
import { connect, connectLike } from '../redis/connect.js';
import type { Connection } from '../redis/connection.js';
import { connectOptions } from '../redis/options.js';
import { program, settingsInForce, type WorkSettings } from './state.js';

/**
 * Opens the connection for `enqueue` before the first job; a second call does nothing. `work` does not need it.
 * @throws TsworkerError USAGE for wrong settings, REDIS if Redis cannot be reached
 */
export async function init(): Promise<void> {
  await open();
}

/** Closes the connection that `init` or `enqueue` opened, so that the program can exit. A running worker keeps its own. */
export async function close(): Promise<void> {
  const state = program();
  const connection = state.own ?? (await state.opening?.catch(() => undefined));
  state.own = undefined;
  state.opening = undefined;
  await connection?.close();
}

/** The connection for calls other than pushes: that of the worker in this process, or that of `enqueue`. */
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
