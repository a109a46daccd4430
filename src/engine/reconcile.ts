/**
 * After a call whose reply was lost: what Redis says our slots hold, against what we know. Pure.
 */
import type { Claim } from '../job.js';
import type { Finish } from './interfaces.js';
import type { Outbox } from './outbox.js';

export interface Reconciled {
  /** Claims that the lost reply would have brought. */
  readonly unknown: Claim[];
  /** Slots that nothing holds. */
  readonly idle: number[];
  /** Finishes that the lost call had delivered. */
  readonly delivered: readonly Finish[];
}

/** @param doubtful the slots that the failed call asked for: none of them runs a job */
export function reconcile(doubtful: readonly number[], held: readonly Claim[], outbox: Outbox): Reconciled {
  const unknown: Claim[] = [];
  const delivered: Finish[] = [];
  for (const claim of held) {
    // Our own finish, not yet delivered.
    if (outbox.holds(claim.token)) continue;
    // A newer claim in its place shows that the finish was.
    delivered.push(...outbox.dropSlot(claim.slot));
    unknown.push(claim);
  }
  const taken = new Set(unknown.map((claim) => claim.slot));
  const idle = doubtful.filter((slot) => !taken.has(slot) && !outbox.holdsSlot(slot));
  return { unknown, idle, delivered };
}
