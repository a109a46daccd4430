/** A whole process full of jobs dies, twice; and a child that cannot be started again at once. */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../support/until.js';
import { readBusy } from '../harness/busy.js';
import type { Chaos } from '../harness/chaos.js';
import type { Daemon } from '../harness/daemon.js';
import type { Scenario } from '../harness/scenario.js';

const IN_FLIGHT = 300;
const BEHIND = 50;

/** The process that runs jobs is killed as soon as all of these have begun so often. */
async function killWhenAllRan(chaos: Chaos, daemon: Daemon, ids: readonly number[], times: number): Promise<void> {
  const allRan = async () => {
    const begun = await chaos.ledger.begun();
    return ids.every((id) => (begun.get(id) ?? 0) >= times);
  };
  await until(allRan, { timeoutMs: 60_000, everyMs: 50, what: `all ${ids.length} jobs have begun ${times} times` });
  daemon.signal('SIGKILL', [...(await readBusy(chaos.redis.client))]);
  chaos.hits += 1;
}

export const wideCrash: Scenario = {
  name: 'wide-crash',
  about: '300 jobs in flight at two crashes of their process, 50 good ones behind them in the queue',
  async run(chaos) {
    await chaos.startRedis();
    const daemon = chaos.daemon([`-concurrency=${IN_FLIGHT}`]);
    const ids = await chaos.enqueuer.push(
      Array.from({ length: IN_FLIGHT }, () => ({ class: 'ThirdTime', args: [chaos.short ? 20 : 100] })),
      'low',
    );
    await killWhenAllRan(chaos, daemon, ids, 1);
    await killWhenAllRan(chaos, daemon, ids, 2);
    const good = await chaos.enqueuer.push(
      Array.from({ length: BEHIND }, () => ({ class: 'Work', args: [10] })),
      'low',
    );
    const goodAreDone = async () => {
      const ended = await chaos.ledger.ended();
      return good.every((id) => ended.has(id)) ? ended : undefined;
    };
    const ended = await until(goodAreDone, { timeoutMs: 60_000, everyMs: 5, what: 'the good jobs are done' });
    const before = ids.filter((id) => ended.has(id)).length;
    chaos.check(
      before < IN_FLIGHT / 2,
      `the good jobs waited until ${before} of ${IN_FLIGHT} suspected ones had ended`,
    );
  },
};

/** So many files the process may have open: no more than it has, so that it can start no child. */
function forbidFiles(pid: number): () => void {
  const open = readdirSync(`/proc/${pid}/fd`).length;
  const limit = (soft: number | string) => execFileSync('prlimit', ['--pid', String(pid), `--nofile=${soft}:`]);
  const before = execFileSync('prlimit', ['--pid', String(pid), '--nofile', '--noheadings', '--output=SOFT']);
  limit(open);
  return () => limit(before.toString().trim());
}

export const forkFailure: Scenario = {
  name: 'fork-failure',
  about: 'a child is killed while its supervisor cannot open one more file (EMFILE), so that no other can be started',
  async run(chaos) {
    await chaos.startRedis();
    const daemon = chaos.daemon(['-processes=2']);
    const make = () => ({ class: 'Work', args: [chaos.random.integer(0, 50)] });
    const [jobs, times] = [chaos.jobs(3000, 300), chaos.short ? 2 : 6];
    await chaos.storm({ jobs, everyMs: 500, forMs: 60_000, times, make }, async () => {
      const children = await until(() => (daemon.children().length > 0 ? daemon.children() : undefined), {
        timeoutMs: 45_000,
      });
      const allow = forbidFiles(daemon.supervisor);
      try {
        daemon.signal('SIGKILL', [chaos.random.pick(children)]);
        await sleep(chaos.random.integer(50, 600));
      } finally {
        allow();
      }
      return true;
    });
    chaos.check(daemon.starts === 1, `the supervisor ended ${daemon.starts - 1} times`);
    await until(() => daemon.children().length === 2, { timeoutMs: 45_000, what: 'both children work again' });
  },
};
