/** Writes the events of the scheduler to the log. */
import type { Logger } from 'pino';
import type { SchedulerMessage } from '../scheduler/scheduler.js';

export function schedulerWording(log: Logger): (message: SchedulerMessage) => void {
  return (message) => {
    switch (message.kind) {
      case 'promoted':
        log.debug({ jobs: message.count }, 'delayed jobs were due: moved to their queues');
        break;
      case 'unreadable':
        log.warn(
          { time: message.time, problem: message.reason },
          'a delayed job cannot be run: moved to the failed list',
        );
        break;
      case 'standing by':
        if (message.holder === undefined)
          log.info('no other scheduler holds its lock any more: moving delayed jobs again');
        else
          log.info(
            { holder: message.holder },
            'another scheduler holds its lock: it moves the delayed jobs, this one does not',
          );
        break;
      case 'recurring':
        log.debug({ jobs: message.count }, 'recurring jobs were due: enqueued');
        break;
      case 'missed':
        log.warn({ entry: message.entry }, 'a recurring job was not enqueued in time: no scheduler was running');
        break;
      case 'overlapping':
        log.info({ entry: message.entry }, 'a recurring job was not enqueued: the one before it has not ended');
        break;
      case 'schedule problem':
        log.warn({ problem: message.message }, 'a recurring job cannot be enqueued');
        break;
      case 'scheduler problem':
        log.warn(
          { problem: message.message },
          'delayed and recurring jobs cannot be moved to their queues now: trying again',
        );
    }
  };
}
