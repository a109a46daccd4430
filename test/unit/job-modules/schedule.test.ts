/** The whole schedule of an application: the entries of its configuration, and what its job modules declare. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { ScheduleSource } from '../../../src/config/settings.js';
import type { JobFunction } from '../../../src/job.js';
import { activeJob } from '../../../src/job-modules/active-job.js';
import { type Job, job, jobFunction } from '../../../src/job-modules/job.js';
import { FunctionRegistry } from '../../../src/job-modules/registry.js';
import { readSchedule } from '../../../src/job-modules/schedule.js';
import { folderWith } from './folder.js';

const perform = () => {};

function registry(...jobs: Pick<Job, 'class'>[]): FunctionRegistry {
  const functions = new FunctionRegistry();
  for (const one of jobs) functions.add(jobFunction(one) as { class: string; fn: JobFunction }, 'jobs/report.ts');
  return functions;
}

async function read(
  source: Readonly<Record<string, unknown>> | ScheduleSource | undefined,
  functions = registry(),
  env: Readonly<Record<string, string>> = {},
) {
  const warnings: string[] = [];
  const given = source && ('path' in source ? source : { entries: source, origin: 'schedule in x.ts' });
  const set = await readSchedule({
    ...{ source: given as ScheduleSource | undefined, functions, dynamic: false, env },
    warn: (text) => warnings.push(text),
  });
  return { ...set, warnings };
}

test('without an entry there is none', async () => {
  expect((await read(undefined, registry(job({ class: 'A', perform })))).entries).toEqual([]);
});

test('what job() declares, and entries of the configuration, which take the queue of the job()', async () => {
  const functions = registry(
    job({ class: 'Report', queue: 'low', cron: '0 3 * * *', timezone: 'Europe/Berlin', expiresIn: 60, perform }),
    job({ class: 'Ping', queue: 'pings', every: '5m', missed: 'skip', jitter: 30, perform }),
    job({ class: 'Other', queue: 'mine', perform }),
  );
  const { entries } = await read({ nightly: { every: '1h', class: 'Other', args: [1] } }, functions);
  expect(entries.map(({ name, class: name2, queue, origin, timing }) => [name, name2, queue, origin, timing])).toEqual([
    ['nightly', 'Other', 'mine', 'schedule in x.ts', { everyMs: 3_600_000 }],
    ['Ping', 'Ping', 'pings', 'jobs/report.ts', { everyMs: 300_000 }],
    ['Report', 'Report', 'low', 'jobs/report.ts', { cron: '0 3 * * *', timezone: 'Europe/Berlin' }],
  ]);
  expect(entries[1]).toMatchObject({ missed: 'skip', jitterMs: 30_000 });
  expect(entries[2]).toMatchObject({ missed: 'once', expiresInMs: 60_000 });
});

test("a file of resque-scheduler, for the environment that Rails' variable names", async () => {
  const folder = await folderWith({
    's.yml': 'a: {every: 1h, queue: q}\nb: {every: 1h, queue: q, rails_env: production}\n',
  });
  const source = { path: join(folder, 's.yml'), name: 's.yml' };
  expect((await read(source, registry(), { RAILS_ENV: 'production' })).entries.map(({ name }) => name)).toEqual([
    'a',
    'b',
  ]);
  const { entries, warnings } = await read(source);
  expect(entries.map(({ name }) => name)).toEqual(['a']);
  expect(warnings).toEqual(['s.yml: b is meant for another environment than this (RAILS_ENV is not set)']);
});

test('a job with middleware is scheduled too', async () => {
  const functions = new FunctionRegistry([{ origin: 'here', hooks: { around: (_job, next) => next() } }]);
  const one = job({ class: 'Ping', queue: 'q', every: '1h', perform });
  functions.add(jobFunction(one) as { class: string; fn: JobFunction }, 'jobs/a.ts');
  expect((await read(undefined, functions)).entries.map(({ name }) => name)).toEqual(['Ping']);
});

describe('what cannot be is refused, with its place and what would be right', () => {
  const wrong = (cron: string) => registry(job({ class: 'Report', queue: 'q', cron, perform }));
  test.each([
    ['a cron text', undefined, wrong('61 * * * *'), 'jobs/report.ts: Report: "61 * * * *" is no cron text'],
    ['one that never comes', undefined, wrong('0 0 31 6 *'), 'jobs/report.ts: Report: "0 0 31 6 *" never fires'],
    ['no queue', { a: { every: '1h' } }, registry(), 'schedule in x.ts: a has no queue'],
    [
      'one name twice',
      { Report: { every: '1h', queue: 'q' } },
      wrong('@daily'),
      'Report is scheduled in schedule in x.ts and in jobs/report.ts',
    ],
    [
      'needs arguments',
      undefined,
      registry(job({ class: 'Mail', queue: 'q', every: '1h', args: z.tuple([z.string()]), perform })),
      'jobs/report.ts: Mail is enqueued by a schedule, without arguments',
    ],
    [
      'an activeJob()',
      undefined,
      registry(activeJob({ class: 'Mailer', queue: 'q', every: '1h', perform } as Parameters<typeof activeJob>[0])),
      'jobs/report.ts: Mailer is an activeJob()',
    ],
    [
      'a timezone alone',
      undefined,
      registry(job({ class: 'A', queue: 'q', timezone: 'UTC', perform })),
      'needs a cron or an every',
    ],
  ])('%s', async (_what, source, functions, message) => {
    await expect(read(source, functions)).rejects.toThrow(message);
    await expect(read(source, functions)).rejects.toMatchObject({ hint: expect.any(String) });
  });
});
