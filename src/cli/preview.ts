/**
 * The module that `import … from 'tsworker'` returns to a job module that is loaded only to show its flags on the help
 * page: the real functions if they are cheap, and calls that do nothing if the real ones would load the Redis client or
 * the logger. Never used for modules that run jobs.
 */

export async function previewLibrary(): Promise<Readonly<Record<string, unknown>>> {
  const [
    activeJobValues,
    { activeJob },
    registrations,
    { job },
    { defineFlags },
    { defineConfig },
    { defineMiddleware },
    { TsworkerError },
    verdicts,
  ] = await Promise.all([
    import('../active-job/public.js'),
    import('../job-modules/active-job.js'),
    import('../job-modules/global-registrations.js'),
    import('../job-modules/job.js'),
    import('../job-modules/flags.js'),
    import('../config/define.js'),
    import('../job-modules/middleware.js'),
    import('../errors.js'),
    import('../job-modules/verdicts.js'),
  ]);
  const { register, registerDecoder } = registrations;
  const { signal } = new AbortController();
  const nothing = async () => {};
  return {
    ...{ ...activeJobValues, activeJob, enqueueActiveJob: nothing },
    ...{ register, registerDecoder, job, defineFlags, defineConfig, defineMiddleware, TsworkerError },
    ...{ Cancel: verdicts.Cancel, Discard: verdicts.Discard, RetryIn: verdicts.RetryIn },
    ...{ cancelDelayed: nothing, cancelJob: nothing, delayed: nothing, enqueueAt: nothing, enqueueIn: nothing },
    ...{ deleteJobs: nothing, moveJobs: nothing, isQueuePaused: nothing, pauseQueue: nothing, resumeQueue: nothing },
    ...{ enqueue: nothing, init: nothing, close: nothing, work: nothing, setSettings() {} },
    ...{ signals: () => signal, namespace: () => 'resque:' },
  };
}
