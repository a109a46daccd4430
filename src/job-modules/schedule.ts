/**
 * The whole schedule of an application: the entries of its configuration, and what its job modules declare. Loads the cron
 * library only where there is an entry.
 */
import type { ScheduleSource } from '../config/settings.js';
import { TsworkerError } from '../errors.js';
import type { Entry } from '../recurring/entry.js';
import type { PublishedEntry, PublishedSet } from '../recurring/set-text.js';
import { type Recurrence, recurrence } from './recurrence.js';
import type { FunctionRegistry } from './registry.js';
import { checkArgs } from './schema.js';

export interface ScheduleOptions {
  readonly source: ScheduleSource | undefined;
  readonly functions: FunctionRegistry;
  readonly dynamic: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Told what is left out, in sentences. */
  readonly warn: (text: string) => void;
}

/** @throws TsworkerError USAGE or JOBS for what cannot be and what never comes, with its place and what would be right */
export async function readSchedule(options: ScheduleOptions): Promise<PublishedSet> {
  const { source, functions, dynamic, env } = options;
  const environment = env.RAILS_ENV ?? env.RACK_ENV ?? env.NODE_ENV;
  const declared = declaredIn(functions);
  if (source === undefined && declared.length === 0) return { entries: [], dynamic, environment };
  const configured = source === undefined ? [] : await readSource(source, environment, options);
  const all = [...configured, ...(await readDeclared(declared))];
  const { withQueue } = await import('../recurring/published.js');
  const entries = new Map<string, PublishedEntry>();
  for (const entry of all) {
    const other = entries.get(entry.name);
    if (other !== undefined) throw twice(entry, other);
    entries.set(entry.name, withQueue(entry, queueOf(entry, functions)));
  }
  return { entries: [...entries.values()], dynamic, environment };
}

async function readSource(
  source: ScheduleSource,
  environment: string | undefined,
  { warn }: ScheduleOptions,
): Promise<Entry[]> {
  if ('path' in source) {
    const { readRubyFile } = await import('../recurring/file.js');
    return await readRubyFile(source.path, source.name, environment, (entry) =>
      warn(
        `${source.name}: ${entry} is meant for another environment than ${environment ?? 'this (RAILS_ENV is not set)'}`,
      ),
    );
  }
  const { readEntry } = await import('../recurring/entry.js');
  return Object.entries(source.entries).map(([name, given]) => readEntry(name, given, source.origin));
}

interface Declared {
  readonly class: string;
  readonly queue: string | undefined;
  readonly origin: string;
  readonly recurrence: Recurrence;
  readonly isActiveJob: boolean;
}

function declaredIn(functions: FunctionRegistry): Declared[] {
  return functions.classes.flatMap((name) => {
    const registered = functions.get(name);
    const found = registered && recurrence(registered.source);
    if (registered === undefined || found === undefined) return [];
    const { queue, origin, decode } = registered;
    return { class: name, queue, origin, recurrence: found, isActiveJob: decode !== undefined };
  });
}

async function readDeclared(declared: readonly Declared[]): Promise<Entry[]> {
  if (declared.length === 0) return [];
  const { readEntry } = await import('../recurring/entry.js');
  const entries: Entry[] = [];
  for (const { class: name, queue, origin, recurrence: found, isActiveJob } of declared) {
    if (isActiveJob) throw wrapped(name, origin);
    await refuseArguments(found, name, origin);
    entries.push(readEntry(name, { ...found.options, class: name, ...(queue === undefined ? {} : { queue }) }, origin));
  }
  return entries;
}

/** A schedule enqueues Resque jobs. */
function wrapped(name: string, origin: string): TsworkerError {
  return new TsworkerError('JOBS', `${origin}: ${name} is an activeJob(), which a schedule cannot enqueue`, {
    hint: 'Schedule a job() that enqueues it.',
  });
}

/** A schedule enqueues it without arguments: one that needs some would fail at each tick. */
async function refuseArguments({ schema }: Recurrence, name: string, origin: string): Promise<void> {
  if (schema === undefined) return;
  try {
    await checkArgs(schema, name, []);
  } catch (cause) {
    const message = `${origin}: ${name} is enqueued by a schedule, without arguments, which its args do not allow`;
    const hint = `Declare it in the configuration: schedule: { name: { class: '${name}', args: […], cron: '…' } }.`;
    throw new TsworkerError('JOBS', message, { hint, cause });
  }
}

function queueOf(entry: Entry, functions: FunctionRegistry): string {
  const queue = entry.queue ?? functions.get(entry.class)?.queue;
  if (queue !== undefined) return queue;
  throw new TsworkerError('USAGE', `${entry.origin}: ${entry.name} has no queue`, {
    hint: `Give it one: queue: 'low'; or give the job() of ${entry.class} a queue.`,
  });
}

function twice(entry: Entry, other: Entry): TsworkerError {
  const where =
    entry.origin === other.origin ? `twice in ${entry.origin}` : `in ${other.origin} and in ${entry.origin}`;
  return new TsworkerError('USAGE', `${entry.name} is scheduled ${where}`, {
    hint: 'Rename one, or remove it: a name stands for one entry.',
  });
}
