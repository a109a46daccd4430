/** What a scenario is given: a Redis of its own, daemons as real processes, jobs for them, and eyes on all of it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JobCounts } from '../../support/conservation.js';
import { tempDir } from '../../support/reaper.js';
import { startRedis, type TestRedis } from '../../support/redis.js';
import { until } from '../../support/until.js';
import { Daemon } from './daemon.js';
import { Enqueuer, type Job } from './enqueuer.js';
import { type Ledger, startLedger } from './ledger.js';
import { Link } from './link.js';
import { NAMESPACE, QUEUES } from './names.js';
import { Random } from './random.js';
import { type Sample, Sampler, takeSample } from './sampler.js';
import { repeat, type Schedule } from './schedule.js';

export interface ChaosOptions {
  readonly name: string;
  readonly seed: number;
  /** How many; the scenario's own number unless told. */
  readonly jobs: number | undefined;
  /** Within seconds, for `npm test`. */
  readonly short: boolean;
}

export interface Storm extends Pick<Schedule, 'everyMs' | 'forMs' | 'times'> {
  /** So many at least: more are enqueued as long as too little was broken. */
  readonly jobs: number;
  readonly make?: (random: Random) => Job;
  /** How often something must be broken, while jobs run. Default 1. */
  readonly atLeast?: number;
}

/** A kill of Redis itself loses nothing that it has acknowledged. */
export const PERSISTENT = ['--appendonly', 'yes', '--appendfsync', 'always'] as const;

const HERE = fileURLToPath(import.meta.url);
const JOBS = ['ts', 'js'].map((type) => join(HERE, `../../jobs/jobs.${type}`)).find(existsSync) ?? '';
export const [HEARTBEAT_S, PRUNE_AFTER_S] = [0.3, 1.5];
const REST_MS = 90_000;
const GIVE_UP_MS = 300_000;

export class Chaos {
  readonly short: boolean;
  readonly random: Random;
  readonly ledger: Ledger;
  readonly daemons: Daemon[] = [];
  readonly enqueuer: Enqueuer;
  readonly sampler: Sampler;
  /** The daemons' output. */
  readonly log = join(tempDir('chaos'), 'daemons.log');
  readonly faults: string[] = [];
  /** With which words Redis has refused something to us, and so to the daemons. */
  readonly refusals = new Set<string>();
  /** Ids of jobs that were ordered to be discarded: they may be counted without having ended. */
  readonly discarded = new Set<number>();
  /** Classes whose jobs may fail. */
  readonly culprits = new Set<string>();
  /** How often something was broken. */
  hits = 0;
  readonly #options: ChaosOptions;
  readonly #cleanUps: (() => unknown)[] = [];
  readonly #links: Link[] = [];
  #redis: TestRedis | undefined;
  #uri = '';
  #replicas = 0;

  static async start(options: ChaosOptions): Promise<Chaos> {
    return new Chaos(options, await startLedger());
  }

  private constructor(options: ChaosOptions, ledger: Ledger) {
    this.#options = options;
    this.short = options.short;
    this.random = new Random(options.seed, options.name);
    this.ledger = ledger;
    this.enqueuer = new Enqueuer(this.link(), this.random, () => this.#replicas);
    this.sampler = new Sampler(this.link(), this.enqueuer, ledger);
    this.onEnd(() => ledger.stop());
  }

  /** How many jobs: as asked for, or the scenario's own for the long and the short form. */
  jobs(long: number, short: number): number {
    return this.#options.jobs ?? (this.short ? short : long);
  }

  get redis(): TestRedis {
    if (this.#redis === undefined) throw new Error('the scenario has no Redis yet');
    return this.#redis;
  }

  link(): Link {
    const link = new Link(() => this.redis.socketPath, this.refusals);
    this.#links.push(link);
    return link;
  }

  /** A fresh Redis that ends with the scenario. */
  async startRedis(args: readonly string[] = []): Promise<TestRedis> {
    const redis = await startRedis({ port: true, args });
    this.onEnd(() => redis.stop());
    this.use(redis);
    return redis;
  }

  /**
   * The data is there from now on, for our own eyes; and for the daemons unless they are told another URI.
   * @param options replicas: how many must have a push before it counts
   */
  use(redis: TestRedis, options: { uri?: string; replicas?: number } = {}): void {
    this.#redis = redis;
    this.#uri = options.uri ?? redis.uri;
    this.#replicas = options.replicas ?? this.#replicas;
    this.sampler.start();
  }

  /** Starts a daemon that is started again whenever it ends. */
  daemon(
    flags: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
    { file }: { readonly file?: string } = {},
  ): Daemon {
    const intervals = [`-heartbeat=${HEARTBEAT_S}`, `-prune-after=${PRUNE_AFTER_S}`, '-log-format=json'];
    const where = [`-uri=${this.#uri}`, `-namespace=${NAMESPACE}`, `-jobs=${JOBS}`, `-queues=${QUEUES.join(',')}`];
    const daemon = new Daemon({
      ...(file === undefined ? {} : { file }),
      args: [...where, ...intervals, '-log-level=warn', ...flags],
      env: { CHAOS_LEDGER: this.ledger.socketPath, ...env },
      log: this.log,
    });
    this.daemons.push(daemon);
    return daemon.keep();
  }

  /** Several, every other of them as if on a machine of its own. */
  fleet(count: number, ...flags: string[]): Daemon[] {
    return Array.from({ length: count }, (_, n) =>
      this.daemon(n % 2 === 0 ? flags : [...flags, `-label=machine${n}.ts`]),
    );
  }

  /**
   * Enqueues half of the jobs, and from the first one done the others, over a while; meanwhile breaks something again
   * and again, until all are done or it is enough.
   * @param action resolves with false where there was nothing to break
   */
  async storm({ jobs, make = quickJob, atLeast = 1, ...schedule }: Storm, action: () => unknown): Promise<void> {
    const push = (count: number) => this.enqueuer.push(Array.from({ length: count }, () => make(this.random)));
    const half = Math.ceil(jobs / 2);
    const enough = () => this.hits >= atLeast;
    const left = () => jobs - this.enqueuer.acknowledged;
    let over = false;
    await push(half);
    await this.counted(({ processed }) => processed > 0, 'the first job is done');
    const until = () => left() <= 0 && enough() && this.isDone(this.enqueuer.acknowledged);
    const breaking = repeat({ ...schedule, enough, until }, async () => {
      if ((await action()) !== false) this.hits += 1;
    }).finally(() => {
      over = true;
    });
    const [everyMs, batch] = [this.short ? 25 : 150, Math.ceil(half / 100)];
    const pushed = () => left() <= 0 && (enough() || over);
    // Beyond what was asked for only what keeps the daemons at work until enough was broken.
    const next = () => (left() > 0 ? Math.min(batch, left()) : batch);
    const needed = () => left() > 0 || this.isDone(this.enqueuer.acknowledged - batch);
    const pushing = repeat({ everyMs, forMs: GIVE_UP_MS, until: pushed }, () => needed() && push(next()));
    await Promise.all([breaking, pushing]);
    this.check(enough(), `only ${this.hits} times something was broken, of ${atLeast}: the scenario shows nothing`);
  }

  /** Whether every job of `count` has been counted, as far as the sampler has seen. */
  isDone(count: number): boolean {
    const counts = this.sampler.last?.counts;
    return counts !== undefined && counts.processed + counts.failed >= count;
  }

  /** Waits until the counts are so. */
  async counted(accepts: (counts: JobCounts) => boolean, what: string, timeoutMs = 30_000): Promise<void> {
    await until(() => this.sampler.last !== undefined && accepts(this.sampler.last.counts), { what, timeoutMs });
  }

  /** Waits until nothing moves any more: every job has been counted, and nobody holds one. */
  async rest(): Promise<Sample> {
    const link = this.link();
    const atRest = async () => {
      const sample = await link.ask(takeSample);
      const { counts, pushed } = sample;
      const { confirmed } = await this.ledger.children();
      const waiting = counts.queued + counts.delayed + counts.retrying + counts.quarantined;
      const open = waiting + counts.claimed + counts.orphaned;
      return open === 0 && counts.processed + counts.failed >= pushed + confirmed ? sample : undefined;
    };
    const timeoutMs = this.short ? REST_MS / 3 : REST_MS;
    return await until(atRest, { timeoutMs, everyMs: 25, what: 'every job is counted' });
  }

  /** What must be true, or the seed has found a fault. */
  check(holds: boolean, fault: string): void {
    if (!holds) this.faults.push(fault);
  }

  /** What was meant to happen to Redis did happen. */
  checkRefused(word: string): void {
    const words = [...this.refusals].join(', ');
    this.check(this.refusals.has(word), `Redis never answered ${word}, but only ${words || 'what was wanted'}`);
  }

  onEnd(cleanUp: () => unknown): void {
    this.#cleanUps.push(cleanUp);
  }

  async end(): Promise<void> {
    for (const daemon of this.daemons) daemon.destroy();
    await this.sampler.stop();
    for (const link of this.#links) link.close();
    for (const cleanUp of this.#cleanUps.reverse()) await cleanUp();
  }
}

function quickJob(random: Random): Job {
  return { class: 'Work', args: [random.integer(0, 10)] };
}
