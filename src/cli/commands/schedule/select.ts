/** Finds the named recurring jobs, and reports names that do not exist. */
import { didYouMean } from '../../../config/suggest.js';
import { TsworkerError } from '../../../errors.js';
import type { RecurringJob } from '../../../inspect/schedules.js';
import { type Call, EXIT } from '../../command.js';
import { type Io, say } from '../../io.js';
import type { ScheduleFlags } from './definition.js';

export type ScheduleCall = Call<ScheduleFlags>;

/** @returns the exit code */
export function unknownName(io: Io, name: string, jobs: readonly RecurringJob[]): number {
  const names = jobs.map(({ entry }) => entry.name);
  say(io, `there is no recurring job ${name}${didYouMean(name, names)}`);
  return EXIT.problem;
}

/** @throws TsworkerError USAGE if none is named, and `all` is not set */
export function selected(
  words: readonly string[],
  all: boolean | undefined,
  verb: string,
  jobs: readonly RecurringJob[],
): { readonly found: readonly RecurringJob[]; readonly missing: readonly string[] } {
  if (words.length === 0 && !all)
    throw new TsworkerError('USAGE', `say which recurring jobs to ${verb}`, {
      hint: 'names, or --all; tsworker schedule shows them',
    });
  if (words.length === 0) return { found: jobs, missing: [] };
  const byName = new Map(jobs.map((job) => [job.entry.name, job]));
  return {
    found: [...new Set(words)].flatMap((name) => byName.get(name) ?? []),
    missing: words.filter((name) => !byName.has(name)),
  };
}
