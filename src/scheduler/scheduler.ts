/**
 * The scheduler service: promotes delayed jobs that are due, and enqueues recurring ones. One process of the fleet leads,
 * by a lease; the others check when the lease would expire. The leader sleeps until the next job is due; Redis notifies it
 * of an earlier one, and of a change to what is scheduled.
 * Runs beside the heartbeat, on an event loop that no job can block. Knows no job module.
 */
import type { Connection } from '../redis/connection.js';
import { type DelayedItem, type Promotion, promoteDue, releaseLease, takeDelayed } from '../resque/delayed.js';
import type { Keys } from '../resque/keys.js';
import type { Service } from '../service.js';
import type { RecurringJobs, RecurringMessage } from './recurring.js';
import { destinationOf } from './unreadable.js';

export interface SchedulerOptions {
  readonly keys: Keys;
  /** Names this process in the lease: `<label>:<pid>`. */
  readonly name: string;
  /** Keys of the locks of other kinds of schedulers; see Keys. */
  readonly locks: readonly string[];
  readonly tell: (message: SchedulerMessage) => void;
}

/** Plain data, since it may come from a thread. */
export type SchedulerMessage =
  | RecurringMessage
  /** Delayed jobs were moved to their queues. */
  | { readonly kind: 'promoted'; readonly count: number }
  /** A delayed item could not be read, and was moved to `failed`. */
  | { readonly kind: 'unreadable'; readonly time: string; readonly reason: string }
  /** A scheduler of another kind is active, and this one waits; undefined: the other one is gone. */
  | { readonly kind: 'standing by'; readonly holder: string | undefined }
  /** Sent once for each outage. */
  | { readonly kind: 'scheduler problem'; readonly message: string };

const KINDS: readonly string[] = [
  'promoted',
  'unreadable',
  'standing by',
  'scheduler problem',
  'recurring',
  'missed',
  'overlapping',
  'schedule problem',
] satisfies SchedulerMessage['kind'][];

/** Whether a message of the heartbeat thread comes from the scheduler. */
export function isSchedulerMessage(message: { readonly kind: string }): message is SchedulerMessage {
  return KINDS.includes(message.kind);
}

/** After the death of the leader no job is promoted for at most this time plus the wait of the followers. */
const LEASE_MS = 3000;
const RENEW_MS = 1000;
/** Random extra wait, so that followers do not check all at once. */
const FOLLOWER_SPREAD_MS = 200;
const RETRY_MS = 1000;

export class Scheduler implements Service {
  readonly name = 'scheduler';
  readonly #connection: Connection;
  readonly #options: SchedulerOptions;
  /** undefined: nothing was scheduled yet. */
  #recurring: RecurringJobs | undefined;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #state: 'new' | 'started' | 'stopped' = 'new';
  /** Something changed during a step: another one follows. */
  #again = false;
  #leading = false;
  #holder: string | undefined;
  #troubled = false;
  #recurringTroubled = false;

  constructor(connection: Connection, options: SchedulerOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  async start(): Promise<void> {
    if (this.#state !== 'new') return;
    this.#state = 'started';
    this.look();
  }

  /** Ends after the current step, and releases the lease so that another process leads at once. */
  async stop(): Promise<void> {
    this.#state = 'stopped';
    clearTimeout(this.#timer);
    await this.#running;
    if (!this.#leading) return;
    this.#leading = false;
    // If this fails, the lease expires by itself.
    await releaseLease(this.#connection, this.#options.keys, this.#options.name).catch(() => {});
  }

  /** The delayed jobs changed, or the connection was restored. */
  look(): void {
    if (this.#state !== 'started') return;
    clearTimeout(this.#timer);
    if (this.#running !== undefined) {
      this.#again = true;
      return;
    }
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async #run(): Promise<void> {
    for (;;) {
      this.#again = false;
      const waitMs = await this.#step();
      if (this.#state !== 'started') return;
      if (waitMs > 0 && !this.#again) {
        this.#timer = setTimeout(() => this.look(), waitMs);
        return;
      }
    }
  }

  /** @returns the wait until the next step, in milliseconds */
  async #step(): Promise<number> {
    const { keys, name, locks } = this.#options;
    try {
      const promotion = await promoteDue(this.#connection, keys, { name, leaseMs: LEASE_MS, locks });
      this.#note(promotion);
      if (promotion.state === 'following') {
        this.#recurring?.forget();
        return promotion.forMs + 1 + Math.random() * FOLLOWER_SPREAD_MS;
      }
      const delayedMs = promotion.state === 'leading' ? await this.#afterPromotion(promotion) : RENEW_MS;
      return Math.min(delayedMs, await this.#recur(promotion), RENEW_MS);
    } catch (error) {
      this.#leading = false;
      this.#recurring?.forget();
      if (!this.#troubled) this.#tell({ kind: 'scheduler problem', message: messageOf(error) });
      this.#troubled = true;
      return RETRY_MS;
    }
  }

  async #afterPromotion({ promoted, nextMs, unreadable }: Extract<Promotion, { state: 'leading' }>): Promise<number> {
    if (unreadable !== undefined) await this.#settle(unreadable);
    // Our own writes end the key tracking in Redis: only a call that changes nothing starts it.
    if (promoted > 0 || unreadable !== undefined) return 0;
    return nextMs ?? RENEW_MS;
  }

  /** A fault of recurring jobs must not hold up delayed ones. */
  async #recur(promotion: Exclude<Promotion, { state: 'following' }>): Promise<number> {
    try {
      if (promotion.revision === '' && this.#recurring === undefined) return Number.POSITIVE_INFINITY;
      this.#recurring ??= await this.#createRecurring();
      const waitMs = await this.#recurring.step({ ...promotion, held: promotion.state === 'standing by' });
      this.#recurringTroubled = false;
      return waitMs;
    } catch (error) {
      this.#recurring?.forget();
      const message = `recurring jobs: ${messageOf(error)}`;
      if (!this.#recurringTroubled) this.#tell({ kind: 'schedule problem', message });
      this.#recurringTroubled = true;
      return RETRY_MS;
    }
  }

  /** Loads the cron library, which most have no use for. */
  async #createRecurring(): Promise<RecurringJobs> {
    const { RecurringJobs } = await import('./recurring.js');
    return new RecurringJobs(this.#connection, this.#options);
  }

  #note(promotion: Promotion): void {
    this.#troubled = false;
    this.#leading = promotion.state !== 'following';
    if (promotion.state === 'following') {
      this.#holder = undefined;
      return;
    }
    const holder = promotion.state === 'standing by' ? promotion.holder : undefined;
    if (holder !== this.#holder) this.#tell({ kind: 'standing by', holder });
    this.#holder = holder;
    if (promotion.state === 'leading' && promotion.promoted > 0)
      this.#tell({ kind: 'promoted', count: promotion.promoted });
  }

  /** Moves an item that the script cannot promote, so that the items due after it are not held up. */
  async #settle(found: DelayedItem): Promise<void> {
    const { keys, name } = this.#options;
    const { destination, reason } = destinationOf(found, name);
    const [taken] = await takeDelayed(this.#connection, keys, [{ ...found, destination }]);
    if (taken === 'taken' && reason !== undefined) this.#tell({ kind: 'unreadable', time: found.time, reason });
    if (taken !== 'refused') return;
    const refused = destinationOf(found, name, 'its queue is no list: the key holds something else');
    await takeDelayed(this.#connection, keys, [{ ...found, destination: refused.destination }]);
    this.#tell({ kind: 'unreadable', time: found.time, reason: refused.reason ?? '' });
  }

  #tell(message: SchedulerMessage): void {
    this.#options.tell(message);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
