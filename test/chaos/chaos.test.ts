/**
 * The short form: some scenarios with few jobs. `CHAOS_SEED=N` replays the seed that a test's name shows; all of it is
 * `npm run chaos`.
 */
import { describe, expect, test } from 'vitest';
import { Random } from './harness/random.js';
import { runScenario } from './harness/scenario.js';
import { poison } from './scenarios/jobs.js';
import { kill } from './scenarios/kill.js';
import { network } from './scenarios/network.js';
import { freeze } from './scenarios/processes.js';
import { memory } from './scenarios/refusals.js';
import { redisKill } from './scenarios/server.js';

const seed = Number(process.env.CHAOS_SEED ?? 1 + Math.floor(Math.random() * 1_000_000));

describe(`seed ${seed}`, () => {
  test.each([kill, redisKill, network, freeze, memory, poison].map((scenario) => [scenario.name, scenario]))(
    '%s: nothing is lost, nothing is counted twice',
    async (_name, scenario) => {
      const result = await runScenario(scenario, { seed, jobs: undefined, short: true });
      expect(result.faults, `${result.name}, seed ${seed}, log: ${result.log}`).toEqual([]);
      expect(result).toMatchObject({ lost: 0, twice: 0, enqueued: result.processed + result.failed });
      expect(result.samples).toBeGreaterThan(50);
      expect(result.hits).toBeGreaterThan(0);
    },
    60_000,
  );
});

test('the same seed gives the same decisions', () => {
  const decisions = (name: string) => {
    const random = new Random(seed, name);
    return Array.from({ length: 1000 }, () => random.integer(1, 6));
  };
  expect(decisions('kill')).toEqual(decisions('kill'));
  expect(decisions('kill')).not.toEqual(decisions('term'));
  expect(new Set(decisions('kill'))).toEqual(new Set([1, 2, 3, 4, 5, 6]));
});
