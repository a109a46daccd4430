/** The demo's jobs, and pushing them the way a Ruby producer does. Knows nothing of the daemon that will run them. */
import type { Connection } from '../redis/connection.js';
import type { Keys } from '../resque/keys.js';

export interface DemoJob {
  readonly queue: 'high' | 'low';
  readonly class: string;
  /** The arguments before the last one, which is the time of the push. */
  readonly args: readonly (string | number)[];
}

export const DEMO_JOBS = 1000;

/** Every 25th charge is made with a card that is declined. */
const DECLINED_EVERY = 25;
const GOOD_CARD = '4242424242424242';
const DECLINED_CARD = '4000000000000002';

/** 1,000 jobs of four classes, mixed as a shop's traffic would be, the same each time. */
export function demoJobs(): DemoJob[] {
  const counts = new Map<string, number>();
  return Array.from({ length: DEMO_JOBS }, (_, index) => {
    const make = PATTERN[index % PATTERN.length];
    const number = (counts.get(make.name) ?? 0) + 1;
    counts.set(make.name, number);
    return make(number);
  });
}

const mail = (n: number): DemoJob => ({ queue: 'high', class: 'SendWelcomeMail', args: [`user${n}@example.com`] });

const charge = (n: number): DemoJob => {
  const card = n % DECLINED_EVERY === 0 ? DECLINED_CARD : GOOD_CARD;
  return { queue: 'high', class: 'ChargeCard', args: [n, card] };
};

const image = (n: number): DemoJob => ({ queue: 'low', class: 'ResizeImage', args: [`photos/${n}.jpg`, 640] });

const report = (n: number): DemoJob => ({
  queue: 'low',
  class: 'Reports::Daily',
  args: [new Date(Date.UTC(2026, 0, n)).toISOString().slice(0, 10)],
});

const PATTERN = [mail, image, charge, mail, image, charge, mail, image, mail, report];

/** Ruby's Resque, call by call: `SADD queues`, `RPUSH queue:…`, in one pipeline; `class` before `args` in the payload. */
export async function pushAll(connection: Connection, keys: Keys, jobs: readonly DemoJob[]): Promise<void> {
  await Promise.all(
    jobs.flatMap((job) => {
      const payload = JSON.stringify({ class: job.class, args: [...job.args, Date.now()] });
      return [
        connection.send(['SADD', keys.queues, job.queue]),
        connection.send(['RPUSH', keys.queue(job.queue), payload]),
      ];
    }),
  );
}
