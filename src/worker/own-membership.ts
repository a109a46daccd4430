/** The registry membership of a worker without a supervisor: it registers, sends heartbeats, and runs the scheduler. */
import { maskUri } from '../config/uri.js';
import { heartbeatWording } from '../log/log-subscriber.js';
import { schedulerWording } from '../log/scheduler-log.js';
import { workerConnectOptions } from '../redis/options.js';
import type { ControlOrder } from '../registry/control.js';
import { type HeartbeatMessage, heartbeatOptions } from '../registry/heartbeat-options.js';
import type { Identity } from '../registry/identity.js';
import { OwnMembership } from '../registry/membership/membership.js';
import { schedulerDataOf } from '../scheduler/create.js';
import { isSchedulerMessage, type SchedulerMessage } from '../scheduler/scheduler.js';
import type { WorkerOptions } from './types.js';

/** The calls to the worker. */
interface WorkerNews {
  setProcesses(count: number): void;
  jobsPushed(queues?: readonly string[]): void;
  onOrder(order: ControlOrder): void;
}

export function createOwnMembership(options: WorkerOptions, wanted: Identity, worker: WorkerNews): OwnMembership {
  const { settings, log } = options;
  const word = heartbeatWording(log);
  const wordScheduler = schedulerWording(log);
  const tell = (message: HeartbeatMessage | SchedulerMessage) => {
    if (message.kind === 'beat') worker.setProcesses(message.processes);
    // A heartbeat may have requeued jobs over our own connection, which Redis does not report to us; a failed one too.
    else if (shared) worker.jobsPushed();
    if (isSchedulerMessage(message)) return wordScheduler(message);
    options.meter?.hear?.(message);
    word(message);
  };
  const shared = settings.connections === 1 || options.connect !== undefined;
  if (shared)
    log.warn(
      'heartbeats share the event loop with the jobs: a job that blocks it for minutes gets this worker declared dead',
    );
  const thread = { connect: workerConnectOptions(settings, 'heartbeat'), shownUri: maskUri(settings.uri) };
  const heartbeat = heartbeatOptions(settings);
  const scheduler = schedulerDataOf(settings);
  const { onOrder } = worker;
  return new OwnMembership({ wanted, heartbeat, tell, onOrder, scheduler, thread: shared ? undefined : thread });
}
