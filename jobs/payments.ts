/**
 * A job that can fail: whatever it throws is written to Resque's failed list, with its class, message and backtrace,
 * where `tsworker failed` and resque-web show it and retry it. The other jobs run on.
 */

/** Resque shows the error's name as the exception. */
class CardDeclined extends Error {
  override readonly name = 'CardDeclined';
}

/** The numbers that payment providers decline in their test modes. */
const STOLEN = '4000000000009979';
const NO_FUNDS = '4000000000009995';

export async function ChargeCard(_queue: string, _order: number, card: string, fundsAt: number): Promise<void> {
  if (card === STOLEN) throw new CardDeclined('stolen card');
  if (card === NO_FUNDS && Date.now() < fundsAt) throw new CardDeclined('insufficient funds');
}
