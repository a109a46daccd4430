/** Jobs that do to their process what nobody should. Only they may end in `failed`. */
import type { Chaos } from '../harness/chaos.js';
import type { Job } from '../harness/enqueuer.js';
import { type Failure, findJobs } from '../harness/places.js';
import type { Scenario } from '../harness/scenario.js';

/** Puts the culprits at random places among the innocent, and waits until all have been dealt with. */
async function mingle(chaos: Chaos, innocent: readonly Job[], culprits: readonly Job[]): Promise<readonly Failure[]> {
  const jobs = [...innocent];
  for (const culprit of culprits) jobs.splice(chaos.random.integer(0, jobs.length), 0, culprit);
  await chaos.enqueuer.push(jobs);
  chaos.hits += culprits.length;
  for (const culprit of culprits) chaos.culprits.add(culprit.class);
  await chaos.rest();
  return (await findJobs(chaos.redis.client)).failed;
}

function checkFailed(chaos: Chaos, failed: readonly Failure[], culprits: readonly Job[]): void {
  const names = (list: readonly { class: string }[]) => list.map((job) => job.class).sort();
  const [seen, wanted] = [names(failed).join(', '), names(culprits).join(', ')];
  chaos.check(seen === wanted, `in failed: ${seen}; only these should be: ${wanted}`);
}

const jobs = (count: number, name: string, ...args: unknown[]): Job[] =>
  Array.from({ length: count }, () => ({ class: name, args }));

export const rogues: Scenario = {
  name: 'rogues',
  about: 'jobs that leave the process, throw later, fill the heap, or block, among innocent ones',
  async run(chaos) {
    await chaos.startRedis();
    const culprits = [...jobs(1, 'Exit'), ...jobs(3, 'ThrowLater'), ...jobs(1, 'Fill'), ...jobs(1, 'Block', 120_000)];
    for (let n = 0; n < 2; n++) chaos.daemon(['-timeout=2'], { NODE_OPTIONS: '--max-old-space-size=64' });
    const innocent = [...jobs(chaos.jobs(500, 100), 'Work', 50), ...jobs(2, 'Block', 700)];
    const failed = await mingle(chaos, innocent, culprits);
    checkFailed(chaos, failed, culprits);
  },
};

export const poison: Scenario = {
  name: 'poison',
  about: 'one job that kills its process each time, among 200 innocent ones of 50 ms, 25 at once',
  async run(chaos) {
    await chaos.startRedis();
    chaos.daemon(['-concurrency=25', `-processes=${chaos.random.integer(1, 2)}`]);
    const pill = jobs(1, 'Kill');
    const failed = await mingle(chaos, jobs(200, 'Work', 50), pill);
    checkFailed(chaos, failed, pill);
    const said = failed.find((entry) => entry.class === 'Kill')?.error ?? '';
    chaos.check(said.includes('poison pill'), `the entry does not say what it is: ${said}`);
  },
};
