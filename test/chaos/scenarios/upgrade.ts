/** The package changes under running workers, as `npm ci` in place or a removed release directory does it. */
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { copyPackage } from '../../support/package-copy.js';
import { until } from '../../support/until.js';
import { busyPids } from '../harness/busy.js';
import type { Scenario } from '../harness/scenario.js';

export const filesGone: Scenario = {
  name: 'files-gone',
  about: "the package's files are moved away under a running worker, longer than -prune-after, and come back",
  async run(chaos) {
    await chaos.startRedis();
    const copy = copyPackage();
    const [old, other] = [chaos.daemon([], {}, { file: copy.bin }), chaos.daemon(['-label=other.ts'])];
    const link = chaos.link();
    const make = () => ({ class: 'Work', args: [chaos.random.integer(0, 200)] });
    const away = join(copy.dir, 'gone');
    const [jobs, times] = [chaos.jobs(3000, 300), chaos.short ? 1 : 4];
    await chaos.storm({ jobs, everyMs: 500, forMs: 60_000, times, make }, async () => {
      await until(async () => (await busyPids(link)).size > 0, { what: 'jobs run', timeoutMs: 30_000 });
      const children = old.children();
      renameSync(copy.dist, away);
      await sleep(chaos.random.integer(2500, 4000));
      const pruned = children.some((pid) => !old.children().includes(pid));
      renameSync(away, copy.dist);
      chaos.check(!pruned, 'a child of the worker without files ended');
      // Somebody dies meanwhile, and is recovered by whoever is there.
      other.signal('SIGKILL', other.children());
      return true;
    });
    chaos.check(old.starts === 1, 'the worker without files ended');
  },
};
