/** Publishes the recurring jobs of this application, as often as it takes. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type PublishedSet, setText } from '../recurring/set-text.js';
import type { Connection } from '../redis/connection.js';
import type { Keys } from '../resque/keys.js';
import { publishSchedule } from '../resque/schedules.js';
import { asError } from '../thrown.js';

export interface PublishOptions {
  readonly connection: Connection;
  readonly keys: Keys;
  readonly log: Logger;
  readonly app: string;
  readonly set: PublishedSet;
  /** When this process started, by Redis' clock. */
  readonly startedMs: number;
  /** Ends the attempts. */
  readonly signal: AbortSignal;
}

const RETRY_MS = 5000;

/** Resolves after the first attempt; the next ones are made in the background. Never rejects. */
export async function publish(options: PublishOptions): Promise<void> {
  const { log, app } = options;
  const error = await attempt(options);
  if (error === undefined) return;
  log.error({ err: error, app }, 'the recurring jobs could not be published: trying again');
  void repeat(options);
}

async function repeat(options: PublishOptions): Promise<void> {
  const { signal } = options;
  do await sleep(RETRY_MS, undefined, { signal, ref: false }).catch(() => {});
  while (!signal.aborted && (await attempt(options)) !== undefined);
}

/** @returns the error where it is to be tried again */
async function attempt({ connection, keys, log, app, set, startedMs }: PublishOptions): Promise<Error | undefined> {
  const text = setText(set);
  try {
    const published = await publishSchedule(connection, keys, { app, startedMs, set: text });
    if (!published && text !== '')
      log.info({ app }, 'the recurring jobs of a process that started later are in force: those of this one are not');
    return undefined;
  } catch (error) {
    // Who has none needs no right to publish.
    return text === '' ? undefined : asError(error);
  }
}
