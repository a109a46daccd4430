/**
 * The whole check, section by section: a section runs only if those that it depends on found nothing bad. Starts no worker,
 * runs no job, and changes nothing in Redis.
 */
import type { Sources } from '../config/load.js';
import type { TsworkerError } from '../errors.js';
import type { SelfImport } from '../job-modules/import.js';
import { createKeys } from '../resque/keys.js';
import { type Finding, findingOf, permitted, type Section } from './finding.js';
import { checkModules, checkSettings } from './local.js';
import { checkQueues } from './queues.js';
import { checkRedis } from './redis.js';
import { checkPublished, checkSchedule } from './schedule.js';
import { checkWorkers } from './workers.js';

export interface CheckOptions {
  readonly sources: Sources;
  readonly self: SelfImport;
  /** Why the flags of the job modules cannot be read. */
  readonly flagsProblem?: TsworkerError | undefined;
}

export async function runCheck({ sources, self, flagsProblem }: CheckOptions): Promise<readonly Section[]> {
  const settings = await checkSettings(sources);
  const first = { name: 'Settings', findings: settings.findings };
  if (settings.resolved === undefined) return [first];
  const resolved = settings.resolved.settings;
  const jobs = await checkModules(resolved.jobs, self, settings.resolved.configFile);
  const about: Finding[] = flagsProblem === undefined ? [] : [findingOf(flagsProblem)];
  const schedule = await checkSchedule(resolved, jobs, sources.env);
  const redis = await checkRedis(resolved, async (seen) => {
    const keys = createKeys(resolved.namespace);
    const workers = await permitted(
      'the workers',
      () => checkWorkers(seen, keys),
      (finding) => ({ findings: [finding], served: undefined }),
    );
    const facts = { keys, modules: jobs.modules, complete: jobs.complete, served: workers.served };
    const queues = await permitted(
      'the queues',
      () => checkQueues(seen, facts),
      (finding) => [finding],
    );
    const published = await permitted(
      'what is scheduled',
      () => checkPublished(seen, keys),
      (finding) => [finding],
    );
    return { queues, workers: workers.findings, published };
  });
  const sections = [
    first,
    { name: 'Job modules', findings: [...jobs.findings, ...about] },
    { name: 'Schedule', findings: [...schedule, ...(redis.used?.published ?? [])] },
    { name: 'Redis', findings: redis.findings },
    { name: 'Queues', findings: redis.used?.queues ?? [] },
    { name: 'Workers', findings: redis.used?.workers ?? [] },
  ];
  return sections.filter(({ findings }) => findings.length > 0);
}
