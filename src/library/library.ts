/** goworker's API in camelCase: the functions behind `import { work, … } from 'tsworker'`. */
import { resolveSettings } from '../config/load.js';
import { ClassPolicies } from '../job-modules/class-policies.js';
import { layersOf } from '../job-modules/middleware.js';
import { createLog } from '../log/pino.js';
import { runWorkerProcess } from '../processes/worker-process.js';
import { configOf, program, settingsInForce, type WorkSettings } from '../program/state.js';
import type { WorkResult } from '../worker/types.js';

/**
 * Sets the settings that `work`, `enqueue` and `namespace` use from now on. Keys that are not given keep their value or
 * default.
 * @throws TsworkerError USAGE if a key is unknown or a value is invalid, JOBS if that is the middleware or the classes; nothing is changed
 *   then
 */
export function setSettings(settings: WorkSettings): void {
  const state = program();
  const merged = { ...state.settings, ...settings };
  resolveSettings(configOf(merged), { queuesRequired: false });
  const classes = new ClassPolicies(merged.classes, 'classes in the settings');
  state.middleware = merged.middleware === undefined ? [] : layersOf(merged.middleware, 'middleware in the settings');
  state.classes = classes;
  state.settings = merged;
}

/**
 * Processes the queues until a stop signal, until `signal` aborts, or, with `exitOnComplete`, until all jobs are done.
 * Job functions come from `register`, and from the modules in `jobs` if that is set.
 * @param settings merged into those of `setSettings`
 * @returns how the worker ended; the process is not ended
 * @throws TsworkerError USAGE, REDIS, JOBS or HTTP if it cannot start; STATE if a worker already runs in this process
 */
export async function work(settings: WorkSettings = {}): Promise<WorkResult> {
  setSettings(settings);
  const given = program().settings;
  const resolved = resolveSettings(configOf(given), { terminal: process.stdout.isTTY === true });
  return await runWorkerProcess({
    settings: given.jobs === undefined ? { ...resolved.settings, jobs: [] } : resolved.settings,
    log: given.logger ?? createLog(resolved.settings),
    warnings: resolved.warnings,
    flags: {},
    program: { middleware: program().middleware, classes: program().classes },
    redis: given.redis,
    signal: given.signal,
    ownsProcess: given.handleSignals ?? true,
  });
}

/** The current key prefix. Default `resque:`. */
export function namespace(): string {
  return settingsInForce().namespace;
}

/** Aborts when the worker of this process begins to shut down, for code that runs beside the jobs. */
export function signals(): AbortSignal {
  return program().begun.signal;
}
