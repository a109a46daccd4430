/**
 * The chaos suite's short form: real daemons, everything breaks, and the jobs are counted at every instant and at the
 * end. `npm run chaos` is the long one; a fault shows the command that makes the same decisions again.
 */
import { expect, test } from 'vitest';
import { runScenario } from '../chaos/harness/scenario.js';
import { faultsOf } from '../chaos/report.js';
import { SCENARIOS } from '../chaos/scenarios/all.js';

const SEED = 1;
/** The others are seen by tests of their own, or take long. */
const SHORT = [
  'kill',
  'retry',
  'unique',
  'cancel',
  'redis-kill',
  'client-kill',
  'network',
  'freeze',
  'term',
  'memory',
  'script-flush',
];

test.concurrent.each(SHORT)(
  '%s: no job is lost, none counted twice',
  async (name) => {
    const scenario = SCENARIOS.find((one) => one.name === name);
    if (scenario === undefined) throw new Error(`there is no scenario ${name}`);
    const result = await runScenario(scenario, { seed: SEED, jobs: undefined, short: true });
    expect(result.faults, faultsOf(result)).toEqual([]);
    expect(result).toMatchObject({ lost: 0, twice: 0 });
    expect(result.hits).toBeGreaterThan(0);
    expect(result.samples).toBeGreaterThan(0);
  },
  90_000,
);
