/** Who takes part, in the order of the tables. */
import { availableParallelism } from 'node:os';
import { externalPeer } from './external.js';
import { beeQueue, bullmq, inProcesses, nodeResque } from './peers.js';
import type { System } from './system.js';
import { tsworker, tsworkerOnAllCores } from './tsworker.js';

export interface Field {
  /** One process each. */
  readonly single: readonly System[];
  /** All cores; empty while tsworker has no flag for it. */
  readonly allCores: readonly System[];
}

export function fieldOf(peers: readonly string[], quick: boolean): Field {
  const known = quick ? [tsworker, bullmq, nodeResque] : [tsworker, bullmq, beeQueue, nodeResque];
  const auto = quick ? undefined : tsworkerOnAllCores();
  return {
    single: [...known, ...peers.map(externalPeer)],
    allCores: auto === undefined ? [] : [auto, inProcesses(bullmq, availableParallelism())],
  };
}
