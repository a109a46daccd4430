/** Every scenario, in the order in which they are run. */
import type { Scenario } from '../harness/scenario.js';
import { kill } from './kill.js';

export const SCENARIOS: readonly Scenario[] = [kill];
