/**
 * One entry of a schedule: what is enqueued, and when. Reads entries of the configuration and of resque-scheduler's
 * files. Pure.
 */
import { nearest } from '../config/suggest.js';
import { TsworkerError } from '../errors.js';
import { encodePayload } from '../resque/codec.js';
import { checkQueueName } from '../resque/queue-name.js';
import { checkTimezone, readCron, TimingError } from './cron.js';
import { readEvery } from './every.js';
import { type Timing, timingText } from './timing.js';

/** What happens to missed ticks: none, the last one within the hour, or all (at most 100) are enqueued. */
export const MISSED = ['skip', 'once', 'all'] as const;
export type Missed = (typeof MISSED)[number];
/** Whether a job is enqueued while the one of an earlier tick has not ended. */
export const OVERLAPS = ['allow', 'skip'] as const;
export type Overlap = (typeof OVERLAPS)[number];

/** Options of the timing, the same for an entry of the configuration and for `job()`. */
export interface TimingOptions {
  /** `'0 3 * * *'`, with seconds first if there are six fields; `'@daily'`; a time zone may be the last word. */
  readonly cron?: string;
  /** `'5m'`, `'1h30m'`, `'1d'`, or seconds: at each multiple of it since 1970, so that no restart shifts it. */
  readonly every?: string | number;
  /** The time zone of the cron text: `'Europe/Berlin'`. Default: that of the process that starts. */
  readonly timezone?: string;
  /**
   * What happens to ticks while no scheduler was running. Default `'once'`: the last one is enqueued, if it is within
   * the hour.
   */
  readonly missed?: Missed;
  /** `'skip'`: not enqueued while the job of an earlier tick waits or runs. Default `'allow'`. */
  readonly overlap?: Overlap;
  /** Seconds over which ticks are spread; the same tick waits for the same time on every machine. Default 0. */
  readonly jitter?: number;
}

/** One entry of `schedule` in the configuration. */
export interface ScheduleOptions extends TimingOptions {
  /** Default: the name of the entry. */
  readonly class?: string;
  /** Default: the one of the `job()` of that class. */
  readonly queue?: string;
  readonly args?: readonly unknown[];
  /** Seconds after the tick: a job that has not begun by then does not run. */
  readonly expiresIn?: number;
  readonly description?: string;
}

export interface Entry {
  readonly name: string;
  readonly timing: Timing;
  readonly missed: Missed;
  readonly overlap: Overlap;
  readonly jitterMs: number;
  readonly class: string;
  /** undefined: that of the `job()`. */
  readonly queue: string | undefined;
  /** The payload without the parts that depend on the tick. */
  readonly payload: string;
  readonly expiresInMs: number | undefined;
  readonly description: string | undefined;
  /** A Ruby scheduler may enqueue it too: while one holds its lock, it alone does. */
  readonly ruby: boolean;
  /** Its origin, for messages: `jobs/report.ts`, `"schedule" in tsworker.config.ts`. */
  readonly origin: string;
}

const KEYS = [
  ...['cron', 'every', 'timezone', 'missed', 'overlap', 'jitter'],
  ...['class', 'queue', 'args', 'expiresIn', 'description'],
];
/** Ten years, in seconds. */
const LONGEST_SECONDS = 315_360_000;
const EXAMPLE = "For example nightly: { cron: '0 3 * * *', timezone: 'Europe/Berlin', class: 'Report', queue: 'low' }.";

type Given = Readonly<Record<string, unknown>>;

/** @throws TsworkerError USAGE that names the place, and says what would be right */
export function readEntry(name: string, given: unknown, origin: string): Entry {
  const where = `${origin}: ${name}`;
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw refusal(`${where} must be an object`, EXAMPLE);
  for (const key of Object.keys(given)) {
    if (KEYS.includes(key)) continue;
    const meant = nearest(key, KEYS);
    throw refusal(`${where} has no option ${key}`, meant ? `Did you mean ${meant}?` : `It has ${KEYS.join(', ')}.`);
  }
  return { ...fields(name, given as Given, where), timing: readTiming(given as Given, where), ruby: false, origin };
}

/** @throws TsworkerError USAGE if it does not match {@link TimingOptions} */
export function readTiming(given: Given, where: string): Timing {
  const { cron, every, timezone } = given;
  if ((cron === undefined) === (every === undefined))
    throw refusal(`${where} needs a cron or an every, one of them`, EXAMPLE);
  try {
    if (timezone !== undefined && typeof timezone !== 'string')
      throw new TimingError('timezone must be a name', "For example 'Europe/Berlin'.");
    const zone = timezone === undefined ? undefined : checkTimezone(timezone);
    if (every !== undefined) return { everyMs: readEvery(every) };
    if (typeof cron !== 'string') throw new TimingError('cron must be a text', EXAMPLE);
    return readCron(cron, zone);
  } catch (error) {
    if (!(error instanceof TimingError)) throw error;
    throw refusal(`${where}: ${error.message}`, error.remedy);
  }
}

/** `missed`, `overlap` and `jitter`. */
function readTickOptions(given: Given, where: string): Pick<Entry, 'missed' | 'overlap' | 'jitterMs'> {
  const missed = MISSED.find((one) => one === (given.missed ?? 'once'));
  if (missed === undefined)
    throw refusal(`${where}: missed must be ${MISSED.join(', ')}, not ${JSON.stringify(given.missed)}`, EXAMPLE);
  const overlap = OVERLAPS.find((one) => one === (given.overlap ?? 'allow'));
  if (overlap === undefined)
    throw refusal(`${where}: overlap must be ${OVERLAPS.join(' or ')}, not ${JSON.stringify(given.overlap)}`, EXAMPLE);
  return { missed, overlap, jitterMs: seconds(given.jitter ?? 0, `${where}: jitter`, 0) };
}

/** All but the timing. */
function fields(name: string, given: Given, where: string): Omit<Entry, 'timing' | 'ruby' | 'origin'> {
  const { queue, args, expiresIn, description } = given;
  const className = given.class ?? name;
  if (typeof className !== 'string' || className === '') throw refusal(`${where}: class must be a name`, EXAMPLE);
  if (queue !== undefined) checkQueueName(queue, where);
  return {
    name,
    ...readTickOptions(given, where),
    class: className,
    queue: queue as string | undefined,
    payload: payloadOf(className, args, where),
    expiresInMs: expiresIn === undefined ? undefined : seconds(expiresIn, `${where}: expiresIn`, 1),
    description: typeof description === 'string' ? description : undefined,
  };
}

/** Like resque-scheduler: a list is the arguments, anything else the only one. */
export function payloadOf(className: string, args: unknown, where: string): string {
  try {
    return encodePayload(className, args === undefined || args === null ? [] : Array.isArray(args) ? args : [args]);
  } catch (error) {
    if (!(error instanceof TsworkerError)) throw error;
    throw refusal(`${where}: ${error.message.replace(/^cannot enqueue: /, '')}`, 'Arguments are what JSON can carry.');
  }
}

/** @returns milliseconds */
function seconds(value: unknown, where: string, leastMs: number): number {
  const ms = typeof value === 'number' ? Math.round(value * 1000) : Number.NaN;
  if (ms >= leastMs && ms <= LONGEST_SECONDS * 1000) return ms;
  throw refusal(`${where} must be a number of seconds, not ${JSON.stringify(value)}`, 'For example 30.');
}

export function refusal(message: string, hint: string): TsworkerError {
  return new TsworkerError('USAGE', message, { hint });
}

/** Its text in one line. */
export function entryTiming({ timing }: Pick<Entry, 'timing'>): string {
  return timingText(timing);
}
