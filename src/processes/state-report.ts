/** The supervisor's part of the TTIN report: the states of its children. Each child logs its running jobs itself. */
import type { Logger } from 'pino';
import { progressText } from '../log/supervisor-log.js';
import type { RunningJob } from '../registry/processes/running-jobs.js';
import type { Supervisor } from '../supervisor/supervisor.js';

const MOST_JOBS = 100;

/** Reads from the registry which jobs a blocked child runs. */
export interface RunningJobs {
  runningJobs(pid: number, most: number): Promise<RunningJob[]>;
}

export async function logState(log: Logger, supervisor: Supervisor, registry: RunningJobs): Promise<void> {
  const { reloading, paused } = supervisor;
  if (paused) log.info('paused (SIGCONT or tsworker workers resume ends it)');
  if (reloading !== undefined) log.info(`reload: ${progressText(reloading)}`);
  for (const { pid, blockedSince, working, draining } of supervisor.states()) {
    if (!working) log.info({ child: pid }, 'a child process is still starting');
    else if (blockedSince !== undefined) await logBlocked(log, { pid, blockedSince }, registry);
    else if (draining) log.info({ child: pid }, 'a child process finishes its running jobs and takes no more');
  }
}

async function logBlocked(
  log: Logger,
  { pid, blockedSince }: { readonly pid: number; readonly blockedSince: number },
  registry: RunningJobs,
): Promise<void> {
  const silentMs = Math.round(performance.now() - blockedSince);
  const since = new Date(Date.now() - silentMs).toISOString();
  log.warn({ child: pid, since, silentMs }, 'a child process does not answer: one of these jobs blocks its event loop');
  try {
    for (const job of await registry.runningJobs(pid, MOST_JOBS)) log.info({ child: pid, ...job }, 'running');
  } catch (error) {
    log.warn({ child: pid, err: error }, 'could not read from Redis which jobs it runs');
  }
}
