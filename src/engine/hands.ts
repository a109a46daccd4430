/**
 * The jobs in our hands: those that run, each in its slot, and those that have ended and are still to be reported. Must
 * not know the store, nor when anything is reported.
 */
import type { Claim, Outcome } from '../job.js';
import type { EngineEvents, Perform } from './interfaces.js';
import { Outbox } from './outbox.js';
import { Run } from './run.js';
import { Slots } from './slots.js';

export interface HandsOptions {
  readonly concurrency: number;
  readonly perform: Perform;
  readonly events: Pick<EngineEvents, 'finished'>;
  /** Something is to be reported. */
  readonly onChange: () => void;
}

export class Hands {
  readonly slots: Slots;
  readonly outbox = new Outbox();
  readonly #options: HandsOptions;
  #order = 0;
  #putBack = 0;

  constructor(options: HandsOptions) {
    this.#options = options;
    this.slots = new Slots(options.concurrency);
  }

  get empty(): boolean {
    return this.held === 0;
  }

  /** What is not reported yet is still in our hands. */
  get held(): number {
    return this.slots.busy + this.outbox.size;
  }

  /** Jobs that had begun and were put back. */
  get putBack(): number {
    return this.#putBack;
  }

  /** Runs the job of a claim, or hands it back where we do not want it any more. */
  take(claim: Claim, wanted: boolean): void {
    if (!wanted) {
      this.outbox.addFirst({ claim, outcome: { kind: 'requeue' } });
      this.#options.onChange();
      return;
    }
    const run = new Run(claim, this.#order++, this.#settled);
    this.slots.seat(run);
    run.perform(this.#options.perform);
  }

  #settled = (run: Run, outcome: Outcome): void => {
    this.slots.leave(run);
    if (outcome.kind === 'requeue') this.#putBack++;
    this.outbox.add({ claim: run.claim, outcome });
    this.#options.events.finished(run, outcome);
    this.#options.onChange();
  };
}
