/**
 * What a namespace has done: counters and lengths, measured once a minute by whoever comes first, kept for 48 hours, and one
 * of each hour for 90 days. Whoever reads computes rates from them (see dashboard/model/series.ts).
 */
import type { Connection } from '../redis/connection.js';
import type { Keys } from './keys.js';
import { callScript, SCRIPTS } from './scripts/index.js';

/** A figure is undefined where it could not be measured. */
export interface Sample {
  /** Redis' clock, milliseconds. */
  readonly at: number;
  /** Counters, which are reset at times. */
  readonly processed: number | undefined;
  readonly failed: number | undefined;
  /** Jobs in all queues. */
  readonly waiting: number | undefined;
  readonly failedList: number | undefined;
}

export interface History {
  /** The text of the newest entry; undefined: there is none. */
  readonly newest: string | undefined;
  /** From the oldest. */
  readonly minutes: readonly Sample[];
  readonly hours: readonly Sample[];
}

const KEPT_MINUTES = 2880;
const KEPT_HOURS = 2160;
const KEPT_S = 100 * 86_400;
const MOST_QUEUES = 1000;

/** Measures, unless it was done in this minute. @returns the newest entry */
export async function takeSample(connection: Connection, keys: Keys): Promise<string> {
  const read = [keys.processed, keys.failures, keys.failed, keys.queues];
  const args = [keys.queue(''), MOST_QUEUES, KEPT_MINUTES, KEPT_HOURS, KEPT_S].map(String);
  return String(await callScript(connection, SCRIPTS.sample, [keys.history, keys.historyHours, ...read], args));
}

export async function newestSample(connection: Connection, keys: Keys): Promise<string | undefined> {
  return ((await connection.send(['LINDEX', keys.history, '0'])) as string | null) ?? undefined;
}

export async function readHistory(connection: Connection, keys: Keys): Promise<History> {
  const [minutes, hours] = (await Promise.all([
    connection.send(['LRANGE', keys.history, '0', String(KEPT_MINUTES - 1)]),
    connection.send(['LRANGE', keys.historyHours, '0', String(KEPT_HOURS - 1)]),
  ])) as [string[], string[]];
  return { newest: minutes[0], minutes: samplesOf(minutes), hours: samplesOf(hours) };
}

/** In the order of time, whatever the order of the entries; those that are none are left out. */
function samplesOf(entries: readonly string[]): Sample[] {
  const samples = entries.map(parseSample).filter((sample) => sample !== undefined);
  return samples.sort((a, b) => a.at - b.at);
}

/** @returns undefined for what `sample.lua` does not write */
export function parseSample(entry: string): Sample | undefined {
  const match = /^(\d{1,11})((?: (?:\d{1,20}|-)){4})$/.exec(entry);
  if (match === null) return undefined;
  const [processed, failed, waiting, failedList] = match[2]
    .slice(1)
    .split(' ')
    .map((text) => (text === '-' ? undefined : Number(text)));
  return { at: Number(match[1]) * 1000, processed, failed, waiting, failedList };
}
