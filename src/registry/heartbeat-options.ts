/** Options and messages of the heartbeat: plain data, since it may run in a thread. */
import type { Identity } from './identity.js';
import type { Recovered, RecoverOptions } from './recovery/recover.js';

/** Plain data, so that it can be passed to a thread. */
export interface HeartbeatOptions {
  readonly identity: Identity;
  readonly heartbeatMs: number;
  /** A worker whose heartbeat is older than this is dead. */
  readonly pruneAfterMs: number;
  /** Also prune workers without any heartbeat, and goworker's whose liveness is unknown. */
  readonly forcePrune: boolean;
  /** See {@link RecoverOptions}. */
  readonly onDead?: RecoverOptions['onDead'];
  /** See {@link RecoverOptions}. */
  readonly quarantine?: RecoverOptions['quarantine'];
}

/** Options from the settings, which are in seconds. */
export function heartbeatOptions(settings: {
  readonly heartbeat: number;
  readonly pruneAfter: number;
  readonly forcePrune: boolean;
  readonly onDead: HeartbeatOptions['onDead'];
}): Omit<HeartbeatOptions, 'identity'> {
  const { heartbeat, pruneAfter, forcePrune, onDead } = settings;
  return { heartbeatMs: heartbeat * 1000, pruneAfterMs: pruneAfter * 1000, forcePrune, onDead };
}

/** Plain data, since it may come from a thread. */
export type HeartbeatMessage =
  /** `processes`: how many tsworker processes are alive, this one included. */
  | { readonly kind: 'beat'; readonly processes: number }
  /** `count` ids of this process had been removed from the registry; they are registered again. */
  | { readonly kind: 'reentered'; readonly count: number }
  | { readonly kind: 'pruned'; readonly worker: Recovered }
  /** No orders can be received. */
  | { readonly kind: 'unreachable'; readonly message: string }
  /** Sent once for the same problem in a row. */
  | { readonly kind: 'problem'; readonly message: string };
