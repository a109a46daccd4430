/**
 * A job that can fail: whatever it throws is written to Resque's failed list, with its class, message and backtrace,
 * where resque-web shows it and retries it. The other jobs run on.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { JobContext } from 'tsworker';

/** Resque shows the error's name as the exception. */
class CardDeclined extends Error {
  override readonly name = 'CardDeclined';
}

/** The number that payment providers decline in their test modes. */
const DECLINED_CARD = '4000000000000002';

export async function ChargeCard(
  this: JobContext,
  _queue: string,
  order: number,
  card: string,
  enqueuedAt: number,
): Promise<void> {
  this.log.debug({ waitMs: Date.now() - enqueuedAt }, 'demo wait');
  await pause(35, undefined, { signal: this.signal });
  if (card === DECLINED_CARD) throw new CardDeclined(`the card for order ${order} was declined`);
}
