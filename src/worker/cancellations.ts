/**
 * Cancels running jobs of this process on order: the job's signal aborts, and after a moment its slot is free, whatever the
 * job does. The answer says how Redis has counted it.
 */
import { clearTimeout, setTimeout } from 'node:timers';
import type { Logger } from 'pino';
import type { EngineEvents } from '../engine/events.js';
import type { Run } from '../engine/run.js';
import * as globals from '../globals.js';
import type { Claim, Outcome } from '../job.js';
import { Cancel, Discard } from '../job-modules/verdicts.js';
import type { CancelAs, CancelOrder, ControlAnswer, ControlResult } from '../registry/control.js';
import { asError } from '../thrown.js';

/** How long a job may react to its signal. */
const PATIENCE_MS = 2000;

export interface CancellationsOptions {
  readonly find: (slot: number, token: string) => Run | undefined;
  /** Runs an action in the context of a job: what its listeners leave behind belongs to the job. */
  readonly within: (run: Run, action: () => void) => void;
  readonly answer: (id: string, answer: ControlAnswer) => Promise<void>;
  readonly log: Logger;
}

export class Cancellations {
  readonly #options: CancellationsOptions;
  /** By the token of the claim: the orders that are not answered yet. */
  readonly #open = new globals.Map<string, string[]>();

  /** By the token of the claim. */
  readonly #timers = new globals.Map<string, NodeJS.Timeout>();

  constructor(options: CancellationsOptions, events: EngineEvents) {
    this.#options = options;
    events.on('finished', ({ claim }) => this.#stopTimer(claim));
    events.on('acked', (claim, outcome) => this.#ended(claim, resultOf(outcome)));
    events.on('fenced', (claim) => this.#ended(claim, 'recovered'));
  }

  cancel({ id, slot, token, as }: CancelOrder): void {
    const { find, within, log } = this.#options;
    const run = find(slot, token);
    const others = this.#open.get(token);
    // A job that has ended may still be unreported: its answer comes then.
    if (others !== undefined) others.push(id);
    else if (run === undefined) this.#answer(id, 'gone');
    else this.#open.set(token, [id]);
    if (run === undefined || run.cancelled) return;
    log.warn({ queue: run.claim.queue, class: run.class, as }, 'cancelling a job on order: its signal aborts now');
    const timer = setTimeout(() => {
      log.warn(
        { queue: run.claim.queue, class: run.class },
        'a cancelled job did not stop in time: its slot is free now',
      );
      within(run, () => run.release());
    }, PATIENCE_MS);
    this.#timers.set(token, timer);
    within(run, () => run.cancel(REASON, cancelOutcome(as)));
  }

  #stopTimer({ token }: Claim): void {
    if (this.#timers.size === 0) return;
    clearTimeout(this.#timers.get(token));
    this.#timers.delete(token);
  }

  #ended({ token }: Claim, result: ControlResult): void {
    if (this.#open.size === 0) return;
    const ids = this.#open.get(token);
    if (ids === undefined) return;
    this.#open.delete(token);
    for (const id of ids) this.#answer(id, result);
  }

  #answer(id: string, result: ControlResult): void {
    const { answer, log } = this.#options;
    answer(id, { result }).catch((error: unknown) => log.warn({ err: error }, 'could not answer an order'));
  }
}

const TEXT = 'cancelled by an operator';
const REASON = new Cancel(TEXT);

export function cancelOutcome(as: CancelAs): Outcome {
  if (as === 'requeue') return { kind: 'requeue' };
  return as === 'fail'
    ? { kind: 'failed', error: asError(REASON) }
    : { kind: 'discarded', error: asError(new Discard(TEXT)) };
}

export function resultOf({ kind }: Outcome): ControlResult {
  return kind === 'requeue' ? 'requeued' : kind;
}
