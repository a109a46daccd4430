/** Entries in the format of resque-scheduler, in its YAML files and in Redis (`persistent_schedules`). Pure. */
import { checkQueueName } from '../resque/queue-name.js';
import { readCron, TimingError } from './cron.js';
import { type Entry, payloadOf, refusal } from './entry.js';
import { readEvery } from './every.js';
import type { Timing } from './timing.js';

type Given = Readonly<Record<string, unknown>>;

/**
 * @param environment the current Rails environment; undefined: unknown
 * @returns undefined for an entry of other environments
 * @throws TsworkerError USAGE that names the place, and says what would be right
 */
export function readRubyEntry(
  name: string,
  given: unknown,
  origin: string,
  environment: string | undefined,
): Entry | undefined {
  const where = `${origin}: ${name}`;
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw refusal(
      `${where} must be an object`,
      'For example nightly: { cron: "0 3 * * *", class: Report, queue: low }.',
    );
  const entry = given as Given;
  const wanted = entry.rails_env ?? entry.env;
  if (typeof wanted === 'string' && !wanted.split(/[\s,]+/).includes(environment ?? '')) return undefined;
  if (entry.custom_job_class !== undefined && entry.custom_job_class !== null)
    throw refusal(
      `${where}: custom_job_class lets a Ruby class write the job, which tsworker cannot run`,
      'Remove it, or leave this entry to Ruby.',
    );
  const className = entry.class ?? name;
  if (typeof className !== 'string' || className === '')
    throw refusal(`${where}: class must be a name`, 'class: Report');
  const queue = entry.queue ?? undefined;
  if (queue !== undefined) checkQueueName(queue, where);
  return {
    name,
    timing: timingOf(entry, where),
    missed: 'once',
    overlap: 'allow',
    jitterMs: 0,
    class: className,
    queue: queue as string | undefined,
    payload: payloadOf(className, entry.args, where),
    expiresInMs: undefined,
    description: typeof entry.description === 'string' ? entry.description : undefined,
    ruby: true,
    origin,
  };
}

/** A value may be a list: the value, and options of the timer. */
function timingOf({ cron, every }: Given, where: string): Timing {
  const first = (value: unknown) => (Array.isArray(value) ? (value[0] as unknown) : value);
  try {
    if (typeof first(cron) === 'string') return readCron(first(cron) as string);
    if (every !== undefined && every !== null) return { everyMs: readEvery(numeric(first(every))) };
  } catch (error) {
    if (!(error instanceof TimingError)) throw error;
    throw refusal(`${where}: ${error.message}`, error.remedy);
  }
  throw refusal(`${where} needs a cron or an every`, 'For example cron: "0 3 * * *", or every: 5m.');
}

/** Integers of a YAML file are bigints, so that those in arguments stay exact. */
function numeric(value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value;
}
