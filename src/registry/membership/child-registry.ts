/** Registers, unregisters and recovers the children of a supervisor, and sends their heartbeats. Waits in an outage. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Outcome } from '../../job.js';
import type { OpenedConnection } from '../../redis/connection.js';
import { finishClaim } from '../../resque/finish-claim.js';
import { createKeys } from '../../resque/keys.js';
import { serverTimeMs } from '../clock.js';
import { type ControlAnswer, ControlChannel, type ControlOrder, writeAnswer } from '../control.js';
import { Heartbeat } from '../heartbeat/heartbeat.js';
import type { HeartbeatMessage, HeartbeatOptions } from '../heartbeat-options.js';
import { type Identity, workerId } from '../identity.js';
import { type OwnState, StatePublisher, WORKING } from '../processes/process-state.js';
import { type RunningJob, readRunningJobs } from '../processes/running-jobs.js';
import { type JobCounts, SlotCounts } from '../recovery/counts.js';
import { countQuarantined } from '../recovery/quarantine.js';
import { recoverProcess } from '../recovery/recover.js';
import { register, unregister } from '../register.js';

export interface ChildRegistryOptions {
  readonly wanted: Pick<Identity, 'namespace' | 'label' | 'queues'>;
  readonly heartbeat: Omit<HeartbeatOptions, 'identity'>;
  readonly tell: (message: HeartbeatMessage) => void;
  readonly problem: (error: Error) => void;
  /** Called with each order that arrives on the channel of a child. */
  readonly onOrder: (pid: number, order: ControlOrder) => void;
  /** Called with the number of jobs that a dead process had finished in its lifetime. Absent: they are not read. */
  readonly counted?: ((pid: number, counted: JobCounts) => void) | undefined;
}

/** What is known of the death of a process. */
interface DeathFacts {
  /** death: counts against its jobs; blocked: a job blocked it, and it was killed; killed: counts against no job. */
  readonly cause: 'death' | 'blocked' | 'killed';
  readonly exit?: string;
  readonly begun?: ReadonlySet<string>;
}

const RETRY_MS = 200;
const GIVEN_UP_SILENCE_MS = 3000;

/** The failure of a job that ran alone in a process and blocked it. */
class BlockedTimeoutError extends Error {
  override readonly name = 'TimeoutError';

  constructor() {
    super('the job blocked its process beyond its time limit, and the process was killed');
    this.stack = '';
  }
}

export class RedisChildRegistry {
  readonly #connecting: Promise<OpenedConnection>;
  readonly #options: ChildRegistryOptions;
  readonly #heartbeats = new Map<Identity, Heartbeat>();
  readonly #states = new Map<Identity, StatePublisher>();
  /** One for all children that run the same job modules; undefined: Redis is asked with the next one. */
  #started: Promise<number> | undefined;
  readonly #channels = new Map<Identity, ControlChannel>();
  #toldUnreachable = false;
  #stateOf: (pid: number) => OwnState | undefined = () => undefined;
  readonly #givenUp = new AbortController();

  constructor(connecting: Promise<OpenedConnection>, options: ChildRegistryOptions) {
    this.#connecting = connecting;
    this.#options = options;
    connecting.catch(() => this.giveUp());
  }

  /** Something could not be written before the wait ended: workers of this process may still be registered. */
  failed = false;

  /** Ends the waits for a Redis that does not answer. */
  giveUp(): void {
    this.#givenUp.abort();
    this.#connecting.then((connection) => connection.limitSilence(GIVEN_UP_SILENCE_MS)).catch(() => {});
  }

  /** Redis is available again, and may have lost the registry. */
  beat(): void {
    for (const heartbeat of this.#heartbeats.values()) void heartbeat.beat();
  }

  async enter(pid: number, concurrency: number, over: AbortSignal): Promise<Identity | undefined> {
    return await this.#persistently(async (connection) => {
      const startedMs = await this.#startedMs(connection);
      const identity = await register(connection, { ...this.#options.wanted, pid, concurrency, startedMs });
      const state = new StatePublisher(connection, identity, this.#options.heartbeat.pruneAfterMs);
      const heartbeat = new Heartbeat(connection, { ...this.#options.heartbeat, identity }, (message) => {
        if (message.kind === 'beat') state.repeat();
        this.#options.tell(message);
      });
      this.#heartbeats.set(identity, heartbeat);
      this.#states.set(identity, state);
      this.#show(identity, state);
      const channel = new ControlChannel(connection, identity);
      this.#channels.set(identity, channel);
      void channel.open(
        (order) => this.#options.onOrder(pid, order),
        (message) => this.#tellUnreachable(message),
      );
      // Not awaited: the first beat prunes, which may take long.
      void heartbeat.start();
      return identity;
    }, over);
  }

  /** From now on children load new job modules. */
  reloading(): void {
    this.#started = undefined;
  }

  async #startedMs(connection: OpenedConnection): Promise<number> {
    this.#started ??= serverTimeMs(connection);
    try {
      return await this.#started;
    } catch (error) {
      this.#started = undefined;
      throw error;
    }
  }

  /** Once for all children. */
  #tellUnreachable(message: string): void {
    if (!this.#toldUnreachable) this.#options.tell({ kind: 'unreachable', message });
    this.#toldUnreachable = true;
  }

  /**
   * Ends a job in place of its process, which does not answer.
   * @returns false if the process has no such job any more
   */
  async finish(pid: number, slot: number, token: string, outcome: Outcome): Promise<boolean> {
    const identity = this.#identityOf(pid);
    if (identity === undefined) return false;
    const { namespace } = this.#options.wanted;
    const claim = { namespace, workerId: (one: number) => workerId(identity, one), slot, token };
    return await finishClaim(await this.#connecting, claim, outcome);
  }

  #identityOf(pid: number): Identity | undefined {
    return [...this.#states.keys()].find((one) => one.pid === pid);
  }

  async answer(id: string, answer: ControlAnswer): Promise<void> {
    await writeAnswer(await this.#connecting, createKeys(this.#options.wanted.namespace), id, answer);
  }

  /** Writes the states of the processes that have changed. */
  showStates(stateOf: (pid: number) => OwnState | undefined): void {
    this.#stateOf = stateOf;
    for (const [identity, state] of this.#states) this.#show(identity, state);
  }

  /** The running jobs of a process, from its worker records. */
  async runningJobs(pid: number, most: number): Promise<RunningJob[]> {
    const identity = this.#identityOf(pid);
    return identity === undefined ? [] : await readRunningJobs(await this.#connecting, identity, most);
  }

  async leave(identity: Identity): Promise<void> {
    await this.#stopBeating(identity);
    const kept = await this.#persistently((connection) => unregister(connection, identity));
    // The process is gone and did not report all its jobs.
    if (kept !== undefined && kept > 0) await this.#recover(identity, { cause: 'killed' });
  }

  async recover(identity: Identity, facts: DeathFacts): Promise<void> {
    await this.#stopBeating(identity);
    await this.#recover(identity, facts);
  }

  async #recover(identity: Identity, { cause, exit, begun }: DeathFacts): Promise<void> {
    const { onDead, quarantine } = this.#options.heartbeat;
    const failWith = cause === 'blocked' ? new BlockedTimeoutError() : undefined;
    // Shared by all attempts: what a failed attempt has read may be removed before the next one.
    const counts = this.#options.counted && new SlotCounts();
    const options = { onDead, quarantine, countsAsDeath: cause !== 'killed', failWith, exit, begun, counts };
    const recovered = await this.#persistently((connection) => recoverProcess(connection, identity, options));
    if (counts !== undefined) this.#options.counted?.(identity.pid, counts.sum);
    for (const worker of recovered ?? []) if (worker.job !== undefined) this.#options.tell({ kind: 'pruned', worker });
  }

  /** Rejects if Redis does not answer. */
  async hasQuarantined(): Promise<boolean> {
    const { queues, namespace } = this.#options.wanted;
    const counts = await countQuarantined(await this.#connecting, createKeys(namespace));
    return queues.split(',').some((queue) => counts.has(queue));
  }

  #show(identity: Identity, state: StatePublisher): void {
    state.show(() => this.#stateOf(identity.pid) ?? WORKING);
  }

  async #stopBeating(identity: Identity): Promise<void> {
    void this.#channels.get(identity)?.close();
    await this.#heartbeats.get(identity)?.stop();
    await this.#states.get(identity)?.stop();
    this.#heartbeats.delete(identity);
    this.#states.delete(identity);
    this.#channels.delete(identity);
  }

  /** Retries until it succeeds. @returns undefined if the wait was ended */
  async #persistently<T>(
    action: (connection: OpenedConnection) => Promise<T>,
    over?: AbortSignal,
  ): Promise<T | undefined> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await action(await this.#connecting);
      } catch (error) {
        if (attempt === 0 && !this.#givenUp.signal.aborted) this.#options.problem(error as Error);
        if (over?.aborted) return undefined;
        if (this.#givenUp.signal.aborted) {
          this.failed = true;
          return undefined;
        }
        await sleep(RETRY_MS, undefined, { signal: this.#givenUp.signal }).catch(() => {});
      }
    }
  }
}
