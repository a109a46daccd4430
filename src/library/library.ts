/** What goworker's package offers, in camelCase: the calls behind `import { work, … } from 'tsworker'`. */
import { resolveSettings } from '../config/load.js';
import { createLog } from '../log/pino.js';
import { runWorkerProcess } from '../processes/worker-process.js';
import { configOf, program, settingsInForce, type WorkSettings } from '../program/state.js';
import type { WorkResult } from '../worker/types.js';

/**
 * Sets what `work`, `enqueue` and `namespace` use from now on. Only the keys given are changed: everything else keeps
 * its value or default.
 * @throws TsworkerError USAGE where a key is unknown or a value is wrong; nothing is changed then
 */
export function setSettings(settings: WorkSettings): void {
  const state = program();
  const merged = { ...state.settings, ...settings };
  resolveSettings(configOf(merged), { queuesRequired: false });
  state.settings = merged;
}

/**
 * Works the queues until a stop signal comes, `signal` aborts, or, with `exitOnComplete`, everything is done. Functions
 * come from `register` and from the modules in `jobs`, where that is set.
 * @param settings added to those of `setSettings`
 * @returns how it ended; the process itself is not ended
 * @throws TsworkerError USAGE, REDIS, JOBS or HTTP where it cannot start; STATE where a worker already runs in this process
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
    redis: given.redis,
    signal: given.signal,
    ownsProcess: given.handleSignals ?? true,
  });
}

/** The key prefix in force, `resque:` by default. */
export function namespace(): string {
  return settingsInForce().namespace;
}

/** Aborts when the worker of this process begins to stop: the moment to end what runs beside the jobs. */
export function signals(): AbortSignal {
  return program().begun.signal;
}
