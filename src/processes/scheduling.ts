/** The scheduler of a supervisor: runs on its connection, from the connect until everything has stopped. */
import type { Logger } from 'pino';
import type { Settings } from '../config/settings.js';
import { schedulerWording } from '../log/scheduler-log.js';
import type { Connection } from '../redis/connection.js';
import { createScheduler, schedulerDataOf } from '../scheduler/create.js';
import type { Scheduler } from '../scheduler/scheduler.js';

export class Scheduling {
  #scheduler: Scheduler | undefined;
  #stopped = false;

  /** Does nothing with `-scheduler=off`. */
  constructor(connecting: Promise<Connection>, settings: Settings, log: Logger) {
    const data = schedulerDataOf(settings);
    if (data === undefined) return;
    connecting.then(
      (connection) => {
        if (this.#stopped) return;
        this.#scheduler = createScheduler(connection, data, schedulerWording(log));
        void this.#scheduler.start();
      },
      // The caller waits for the connection too, and reports the error.
      () => {},
    );
  }

  /** The delayed jobs changed, or Redis is available again. */
  look(): void {
    this.#scheduler?.look();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#scheduler?.stop();
  }
}
