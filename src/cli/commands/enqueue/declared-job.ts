/** What a typed job says of itself, read from the job modules: its queue, and whether it is unique. Runs no job and no hook. */
import { findJobs, readFileFor, type Sources } from '../../../config/load.js';
import type { RegisteredFunction } from '../../../job-modules/registry.js';

/** undefined where no job module that loads declares one for the class. */
export async function declaredJob(
  sources: Sources,
  className: string,
): Promise<Pick<RegisteredFunction, 'queue' | 'unique'> | undefined> {
  const file = await readFileFor(sources.flags, sources.env, sources.cwd);
  const { loadJobs } = await import('../../../job-modules/load.js');
  // What is wrong with the modules is the worker's to tell, and tsworker check's.
  const options = { self: () => import('../../../index.js'), onProblem: () => {} };
  const { functions } = await loadJobs(findJobs(sources, file), options);
  return functions.get(className);
}
