/** A Redis and daemons for one test, so that tests that mostly wait can run concurrently. */
import type { TestContext } from 'vitest';
import { type CliRun, runCli } from './cli.js';
import { type JobCounts, pushJob, untilCounted } from './conservation.js';
import { startRedis, type TestRedis } from './redis.js';

export interface Scene {
  readonly redis: TestRedis;
  /** A daemon on this Redis, ended with the test. */
  start(...flags: string[]): CliRun;
  /** With other job modules. */
  startWith(jobs: string, ...flags: string[]): CliRun;
  push(name: string, ...args: unknown[]): Promise<void>;
  /** Waits until the counts are equal to these. */
  counted(wanted: Partial<JobCounts>): Promise<unknown>;
}

/** @param flags flags of every daemon, before those of {@link Scene.start} */
export async function startScene(context: TestContext, jobs: string, flags: readonly string[]): Promise<Scene> {
  const redis = await startRedis();
  // Registered before the daemons: it ends after them.
  context.onTestFinished(() => redis.stop());
  const startWith = (modules: string, ...more: string[]) =>
    runCli([`-uri=${redis.uri}`, `-jobs=${modules}`, '-queues=q', ...flags, ...more], context);
  return {
    redis,
    startWith,
    start: (...more) => startWith(jobs, ...more),
    push: (name, ...args) => pushJob(redis.client, name, ...args),
    counted: (wanted) => untilCounted(redis.client, wanted),
  };
}
