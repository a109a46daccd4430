/**
 * Runs the hooks of a process, `setup` and `teardown` of middleware and job modules: in order, and back. Those around a
 * job are in compose.ts. The caller decides when.
 */
import { TsworkerError } from '../errors.js';
import type { SetupContext } from '../job.js';
import { asError } from '../thrown.js';
import type { JobModules, ProcessHooks } from './load.js';

/** The modules that were set up and not yet torn down. A teardown without its setup might fail. */
const ready = new WeakMap<JobModules, ProcessHooks[]>();

/**
 * Runs every `setup`, one after the other.
 * @throws TsworkerError JOBS that names the first file that fails; call runTeardown even then, for those that were set up
 *   before
 */
export async function runSetup(modules: JobModules, context: SetupContext): Promise<void> {
  const done: ProcessHooks[] = [];
  ready.set(modules, done);
  for (const hooks of modules.hooks) {
    try {
      await hooks.setup?.(context);
    } catch (thrown) {
      throw problem('setup', hooks.file, thrown);
    }
    done.push(hooks);
  }
}

/**
 * Runs `teardown` of every module that was set up, in reverse order, all of them even if one fails. A second call does
 * nothing.
 * @throws TsworkerError JOBS that names the files whose teardown failed
 */
export async function runTeardown(modules: JobModules): Promise<void> {
  const problems: TsworkerError[] = [];
  const done = ready.get(modules) ?? [];
  ready.delete(modules);
  for (const hooks of done.reverse()) {
    try {
      await hooks.teardown?.();
    } catch (thrown) {
      problems.push(problem('teardown', hooks.file, thrown));
    }
  }
  if (problems.length === 1) throw problems[0];
  if (problems.length > 1) {
    throw new TsworkerError('JOBS', problems.map((p) => p.message).join('; '), { cause: new AggregateError(problems) });
  }
}

function problem(hook: string, file: string, thrown: unknown): TsworkerError {
  const cause = asError(thrown);
  return new TsworkerError('JOBS', `${hook} of ${file} failed: ${cause.message}`, { cause });
}
