/** What a scenario is, and how one is run: everything is broken as it says, and then the jobs are counted. */
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { leftoverKeys } from '../../support/conservation.js';
import { projectRoot } from '../../support/root.js';
import { until, within } from '../../support/until.js';
import { Chaos, type ChaosOptions } from './chaos.js';
import { NAMESPACE, PUSHED, WRITES } from './names.js';
import { judge, type Verdict } from './verdict.js';

export interface Scenario {
  readonly name: string;
  /** What it breaks. */
  readonly about: string;
  run(chaos: Chaos): Promise<void>;
}

export interface Result extends Verdict {
  readonly name: string;
  readonly seed: number;
  readonly hits: number;
  readonly seconds: number;
  readonly samples: number;
  /** What the daemons wrote, where there was a fault. */
  readonly log: string | undefined;
}

const LIMIT_MS = 400_000;
const NOTHING = { enqueued: 0, processed: 0, failed: 0, convicted: 0, edge: 0, lost: 0, twice: 0, again: 0 };

export async function runScenario(scenario: Scenario, options: Omit<ChaosOptions, 'name'>): Promise<Result> {
  const begin = performance.now();
  const chaos = await Chaos.start({ ...options, name: scenario.name });
  let verdict: Verdict = { ...NOTHING, faults: [] };
  try {
    await attempt(chaos, () => within(scenario.run(chaos), LIMIT_MS, `the scenario ${scenario.name} to end`));
    await attempt(chaos, () => chaos.rest());
    await attempt(chaos, () => leaveInOrder(chaos));
    await chaos.sampler.stop();
    await attempt(chaos, async () => {
      verdict = await judge(chaos.redis.client, chaos.ledger, chaos.enqueuer.acknowledged, chaos);
    });
  } finally {
    await chaos.end();
  }
  const faults = [...chaos.faults, ...chaos.sampler.faults, ...verdict.faults];
  return {
    ...verdict,
    faults,
    name: scenario.name,
    seed: options.seed,
    hits: chaos.hits,
    seconds: (performance.now() - begin) / 1000,
    samples: chaos.sampler.samples,
    log: faults.length > 0 ? keepLog(chaos, `${scenario.name}-${options.seed}`) : undefined,
  };
}

/** Where one step goes wrong, the jobs are counted all the same. */
async function attempt(chaos: Chaos, step: () => Promise<unknown>): Promise<void> {
  try {
    await step();
  } catch (error) {
    chaos.faults.push(error instanceof Error ? error.message : String(error));
  }
}

/** The dead are found, the living leave, and nothing of theirs stays. */
async function leaveInOrder(chaos: Chaos): Promise<void> {
  const { client } = chaos.redis;
  const alive = () => chaos.daemons.flatMap((daemon) => daemon.processes());
  const dead = async () => {
    const pids = new Set(alive());
    const workers = await client.sMembers(`${NAMESPACE}workers`);
    return workers.filter((id) => !pids.has(Number(/:(\d+)-/.exec(id)?.[1])));
  };
  const limits = { timeoutMs: 20_000, everyMs: 50, what: 'no dead worker is registered' };
  await until(async () => (await dead()).length === 0, limits).catch(async (error: Error) => {
    throw new Error(`${error.message}: ${(await dead()).slice(0, 5).join(', ')}`);
  });
  await Promise.all(chaos.daemons.map((daemon) => daemon.stop()));
  await Promise.all(chaos.daemons.map((daemon) => daemon.left()));
  const ours = /:(failed|chaos:\w+|tsworker:(suspects|fence|stat|quarantine|answer:[\w-]+))$/;
  const left = (await leftoverKeys(client, NAMESPACE)).filter((key) => !ours.test(key));
  chaos.check(left.length === 0, `left behind: ${left.slice(0, 5).join(', ')} (${left.length} keys)`);
  chaos.check((await client.exists([PUSHED, WRITES])) === 2 || chaos.enqueuer.acknowledged === 0, 'the ids are gone');
}

function keepLog(chaos: Chaos, name: string): string | undefined {
  if (!existsSync(chaos.log)) return undefined;
  const dir = join(projectRoot, '.cache/chaos-faults');
  mkdirSync(dir, { recursive: true });
  const file = join(dir, `${name}.log`);
  copyFileSync(chaos.log, file);
  return file;
}
