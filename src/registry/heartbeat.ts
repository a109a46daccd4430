/**
 * Beats for all slots: shows that we are alive, finds the dead, counts the processes beside us. It must run on an event
 * loop that no job can block (see threaded.ts), and knows nothing of jobs.
 */
import type { Connection } from '../redis/connection.js';
import type { Service } from '../service.js';
import { serverTimeMs } from './clock.js';
import type { Identity } from './identity.js';
import { countProcesses } from './processes.js';
import { pruneDead, pruneGone } from './prune.js';
import type { Recovered, RecoverOptions } from './recover.js';
import { enterAll } from './register.js';

/** Plain data, so that it can be handed to a thread. */
export interface HeartbeatOptions {
  readonly identity: Identity;
  readonly heartbeatMs: number;
  /** A worker whose heartbeat is older than this is dead. */
  readonly pruneAfterMs: number;
  /** Also prune workers that have no heartbeat at all. */
  readonly forcePrune: boolean;
  /** See {@link RecoverOptions}. */
  readonly onDead?: RecoverOptions['onDead'];
}

/** Every message is plain data: it may come from a thread. */
export type HeartbeatMessage =
  /** `processes`: how many tsworker processes are alive, this one included. */
  | { readonly kind: 'beat'; readonly processes: number }
  /** Somebody had taken `count` of our ids out of the books; they are in again. */
  | { readonly kind: 'reentered'; readonly count: number }
  | { readonly kind: 'pruned'; readonly worker: Recovered }
  | { readonly kind: 'problem'; readonly message: string };

export class Heartbeat implements Service {
  readonly name = 'heartbeat';
  #connection: Connection;
  #options: HeartbeatOptions;
  #tell: (message: HeartbeatMessage) => void;
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<void> | undefined;
  #lookedForGone = false;

  constructor(connection: Connection, options: HeartbeatOptions, tell: (message: HeartbeatMessage) => void) {
    this.#connection = connection;
    this.#options = options;
    this.#tell = tell;
  }

  async start(): Promise<void> {
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => void this.beat(), this.#options.heartbeatMs);
    await this.beat();
  }

  /** Ends after a beat under way, so that nothing is written after we have left the books. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#beating;
  }

  /** Also called when Redis came back: it may have lost us. */
  beat(): Promise<void> {
    this.#beating ??= this.#beatOnce()
      .catch((error: unknown) => this.#tell({ kind: 'problem', message: String(error) }))
      .finally(() => {
        this.#beating = undefined;
      });
    return this.#beating;
  }

  async #beatOnce(): Promise<void> {
    if (!this.#connection.ready) return;
    const { identity, pruneAfterMs } = this.#options;
    const now = await serverTimeMs(this.#connection);
    const missing = await enterAll(this.#connection, identity, now);
    if (missing > 0) this.#tell({ kind: 'reentered', count: missing });
    this.#tell({ kind: 'beat', processes: await countProcesses(this.#connection, identity, now - pruneAfterMs) });
    for (const worker of await this.#prune(now)) this.#tell({ kind: 'pruned', worker });
  }

  async #prune(now: number): Promise<Recovered[]> {
    const gone = this.#lookedForGone ? [] : await pruneGone(this.#connection, this.#options);
    this.#lookedForGone = true;
    return [...gone, ...(await pruneDead(this.#connection, this.#options, now))];
  }
}
