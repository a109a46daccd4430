/** Recurring jobs: whether each can be enqueued, and is run by somebody; and who enqueues them. */
import type { Settings } from '../config/settings.js';
import { TsworkerError } from '../errors.js';
import { readRecurring } from '../inspect/schedules.js';
import { readSchedule } from '../job-modules/schedule.js';
import type { PublishedSet } from '../recurring/set-text.js';
import type { Keys } from '../resque/keys.js';
import { bad, type Finding, findingOf, good, some, warning } from './finding.js';
import type { ModulesSeen } from './local.js';
import type { RedisSeen } from './probes.js';

export async function checkSchedule(
  settings: Settings,
  { modules, complete }: ModulesSeen,
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly Finding[]> {
  const warnings: string[] = [];
  const { schedule: source, dynamicSchedule: dynamic } = settings;
  const { functions } = modules;
  try {
    const set = await readSchedule({ source, functions, dynamic, env, warn: (text) => warnings.push(text) });
    const left = warnings.map((text) => warning(text, 'set RAILS_ENV where the worker runs'));
    return [...scheduled(set), ...left, ...(complete ? unregistered(set, settings, functions.classes) : [])];
  } catch (error) {
    // A module that did not load may have the queue that an entry lacks; its own error is reported.
    if (!complete && error instanceof TsworkerError && error.message.includes('has no queue')) return [];
    return [findingOf(error)];
  }
}

function scheduled({ entries }: PublishedSet): Finding[] {
  if (entries.length === 0) return [];
  return [good(`recurring jobs: ${some(entries.map(({ name }) => name))}`)];
}

/** They would be enqueued, and fail here. */
function unregistered({ entries }: PublishedSet, { queues }: Settings, classes: readonly string[]): Finding[] {
  const ours = new Set(queues.queues.map(({ name }) => name));
  const unknown = entries.filter(({ class: name, queue }) => ours.has(queue) && !classes.includes(name));
  return unknown.map(({ name, class: className, queue, origin }) =>
    bad(
      `${origin}: ${name} enqueues ${className} into ${queue}, and no job module registers it: it would fail here`,
      'add a module for it, or give it a queue of workers that have it',
    ),
  );
}

/** What is published by all applications. */
export async function checkPublished({ connection, settings }: RedisSeen, keys: Keys): Promise<Finding[]> {
  const { jobs, problems, dynamicLeft } = await readRecurring(connection, keys);
  const holder = await connection.send(['GET', keys.rubySchedulerLock(settings.schedulerLockPrefix)]);
  const left = jobs.filter(({ entry }) => entry.ruby).map(({ entry }) => entry.name);
  return [
    ...problems.map((problem) => bad(`a recurring job cannot be enqueued: ${problem}`, 'correct it in Ruby')),
    ...(dynamicLeft > 0
      ? [
          warning(
            `${dynamicLeft} recurring jobs that Ruby programs added are enqueued by a Ruby scheduler only`,
            '-dynamic-schedule lets tsworker do it; tsworker schedule import writes them into a file',
          ),
        ]
      : []),
    ...(holder !== null && left.length > 0
      ? [good(`a Ruby scheduler (${holder}) runs: it enqueues its own entries, and not tsworker: ${some(left)}`)]
      : []),
  ];
}
