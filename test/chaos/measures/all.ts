/** Every measure. */
import { childKilled, childKilledAmongTwo, machineLost, redisAway } from './measures.js';

export interface Measure {
  readonly name: string;
  readonly about: string;
  /** @returns milliseconds, one for each time */
  run(): Promise<readonly number[]>;
}

export const MEASURES: readonly Measure[] = [childKilled, childKilledAmongTwo, machineLost, redisAway];
