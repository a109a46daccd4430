/**
 * Looks at all places every few milliseconds, in one MULTI, while everything breaks: the conservation law holds at every
 * instant, not only at the end. It has a connection of its own, and sees nothing while Redis is away.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { countJobs, type JobCounts } from '../../support/conservation.js';
import type { TestClient } from '../../support/redis.js';
import type { Enqueuer } from './enqueuer.js';
import type { Ledger } from './ledger.js';
import type { Link } from './link.js';
import { NAMESPACE, PUSHED } from './names.js';

const EVERY_MS = 4;
const MOST_FAULTS = 5;

export interface Sample {
  readonly counts: JobCounts;
  /** How many jobs there are at the same instant. */
  readonly pushed: number;
  /** How many more jobs have announced that they enqueue, just after that instant. */
  readonly announced?: number;
}

/** The counting script and the number of jobs in one MULTI. */
export async function takeSample(client: TestClient): Promise<Sample> {
  let pushed = 0;
  const counting = {
    async eval(script: string, options: { keys: string[] }) {
      const [counts, size] = await client.multi().eval(script, options).sCard(PUSHED).exec();
      pushed = Number(size);
      return counts;
    },
  };
  const counts = await countJobs(counting as unknown as TestClient, NAMESPACE);
  return { counts, pushed };
}

export class Sampler {
  readonly faults: string[] = [];
  samples = 0;
  last: Sample | undefined;
  readonly #link: Link;
  readonly #enqueuer: Enqueuer;
  readonly #ledger: Ledger;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(link: Link, enqueuer: Enqueuer, ledger: Ledger) {
    this.#link = link;
    this.#enqueuer = enqueuer;
    this.#ledger = ledger;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const acknowledged = this.#enqueuer.acknowledged;
      const { confirmed } = await this.#ledger.children();
      const sample = await this.#link.ask(takeSample).catch(() => undefined);
      const { announced } = await this.#ledger.children();
      if (sample !== undefined) this.#judge({ ...sample, announced }, acknowledged, confirmed);
      await sleep(EVERY_MS);
    }
  }

  /**
   * @param acknowledged before the sample was taken: those must be there
   * @param confirmed the same of jobs that other jobs have enqueued
   */
  #judge(sample: Sample, acknowledged: number, confirmed: number): void {
    this.samples += 1;
    this.last = sample;
    const { counts, pushed, announced = 0 } = sample;
    const whole = counts.total >= pushed + confirmed && counts.total <= pushed + announced;
    const sound = whole && counts.orphaned === 0 && pushed >= acknowledged;
    if (sound || this.faults.length >= MOST_FAULTS) return;
    this.faults.push(`sample ${this.samples}: ${pushed} jobs, ${acknowledged} acknowledged, ${JSON.stringify(counts)}`);
  }
}
