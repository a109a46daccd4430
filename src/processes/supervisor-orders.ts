/**
 * Orders to a supervisor: by signals, and over the channels of its children. A job is cancelled by its child; if that does not
 * answer, since a job blocks it, the supervisor ends the job in its place and kills the child.
 */
import type { Logger } from 'pino';
import { pausedText } from '../log/log-subscriber.js';
import { type CancelOrder, type ControlOrder, ORDERED_BY } from '../registry/control.js';
import type { RedisChildRegistry } from '../registry/membership/child-registry.js';
import type { Supervisor } from '../supervisor/supervisor.js';
import { cancelOutcome, resultOf } from '../worker/cancellations.js';

/** Together with what a child gives a job to react, less than five seconds. */
const BLOCKED_MS = 2500;

export interface SupervisorOrdersOptions {
  readonly supervisor: Supervisor;
  readonly registry: RedisChildRegistry;
  readonly log: Logger;
  readonly stop: (by: string) => void;
}

export class SupervisorOrders {
  readonly #options: SupervisorOrdersOptions;

  constructor(options: SupervisorOrdersOptions) {
    this.#options = options;
  }

  pause(by: string): void {
    const { log, supervisor } = this.#options;
    log.info(pausedText(by));
    supervisor.suspend(true);
  }

  resume(by: string): void {
    const { log, supervisor } = this.#options;
    // A shell sends CONT too, when it continues a stopped program.
    if (supervisor.paused) log.info(`resumed by ${by}`);
    supervisor.suspend(false);
  }

  /** Never rejects: an order that cannot be answered is logged. */
  async take(pid: number, order: ControlOrder): Promise<void> {
    try {
      if (order.kind === 'cancel') return await this.#cancel(pid, order);
      if (order.kind === 'quiet') this.pause(ORDERED_BY.quiet);
      else if (order.kind === 'resume') this.resume(ORDERED_BY.resume);
      else this.#options.stop(ORDERED_BY.stop);
      await this.#options.registry.answer(order.id, { result: 'accepted' });
    } catch (error) {
      this.#options.log.warn({ err: error, child: pid }, 'could not answer an order');
    }
  }

  async #cancel(pid: number, order: CancelOrder): Promise<void> {
    const { supervisor, registry } = this.#options;
    const { id, slot, token, as } = order;
    const state = await supervisor.cancel(pid, order, BLOCKED_MS);
    if (state === 'heard') return;
    // It has died: its jobs are recovered.
    if (state === 'gone') return await registry.answer(id, { result: 'recovered' });
    const outcome = cancelOutcome(as);
    // First the job: what the process still has when it is killed is requeued.
    const ended = await registry.finish(pid, slot, token, outcome);
    if (!ended) return await registry.answer(id, { result: 'gone' });
    supervisor.killBlocked(pid);
    await registry.answer(id, { result: resultOf(outcome), killed: true });
  }
}
