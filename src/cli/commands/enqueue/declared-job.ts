/** The declaration of a job in the job modules: its queue, and whether it is unique. Runs no jobs and no hooks. */
import { findJobs, readFileFor, type Sources } from '../../../config/load.js';
import type { RegisteredFunction } from '../../../job-modules/registry.js';

/** undefined if no job module that loads declares a job for the class. */
export async function declaredJob(
  sources: Sources,
  className: string,
): Promise<Pick<RegisteredFunction, 'queue' | 'unique'> | undefined> {
  const file = await readFileFor(sources.flags, sources.env, sources.cwd);
  const { loadJobs } = await import('../../../job-modules/load.js');
  // Errors in the modules are reported by the worker and by tsworker check.
  const options = { self: () => import('../../../index.js'), onProblem: () => {} };
  const { functions } = await loadJobs(findJobs(sources, file), options);
  return functions.get(className);
}
