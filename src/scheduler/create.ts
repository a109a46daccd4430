/** Creates a scheduler from plain data, which can be passed to a thread. */
import { randomBytes } from 'node:crypto';
import type { Connection } from '../redis/connection.js';
import { createKeys } from '../resque/keys.js';
import { Scheduler, type SchedulerMessage } from './scheduler.js';

export interface SchedulerData {
  readonly namespace: string;
  /** The first part of the name in the lease. */
  readonly label: string;
  readonly pid: number;
  /** See Settings. */
  readonly lockPrefix: string;
}

/** @returns undefined if the scheduler is off */
export function schedulerDataOf(settings: {
  readonly scheduler: 'on' | 'off';
  readonly namespace: string;
  readonly label: string;
  readonly schedulerLockPrefix: string;
}): SchedulerData | undefined {
  const { scheduler, namespace, label, schedulerLockPrefix: lockPrefix } = settings;
  return scheduler === 'off' ? undefined : { namespace, label, pid: process.pid, lockPrefix };
}

export function createScheduler(
  connection: Connection,
  { namespace, label, pid, lockPrefix }: SchedulerData,
  tell: (message: SchedulerMessage) => void,
): Scheduler {
  const keys = createKeys(namespace);
  // In containers several processes have the same label and pid.
  const name = `${label}:${pid}#${randomBytes(3).toString('hex')}`;
  return new Scheduler(connection, {
    keys,
    name,
    locks: [keys.rubySchedulerLock(lockPrefix), keys.nodeSchedulerLock],
    tell,
  });
}
