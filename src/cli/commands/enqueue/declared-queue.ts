/** The queue that a typed job names itself, read from the job modules. Runs no job and no hook. */
import { findJobs, readFileFor, type Sources } from '../../../config/load.js';

/** undefined where no job module that loads declares one for the class. */
export async function declaredQueue(sources: Sources, className: string): Promise<string | undefined> {
  const file = await readFileFor(sources.flags, sources.env, sources.cwd);
  const { loadJobs } = await import('../../../job-modules/load.js');
  // What is wrong with the modules is the worker's to tell, and tsworker check's.
  const options = { self: () => import('../../../index.js'), onProblem: () => {} };
  const { functions } = await loadJobs(findJobs(sources, file), options);
  return functions.get(className)?.queue;
}
