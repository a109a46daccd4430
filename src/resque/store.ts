/** The engine's JobStore over Redis: builds the calls of the ack-and-claim script, and reads its replies. */
import type { QueuePlan } from '../config/settings.js';
import type { ClaimReply, Finish, JobStore } from '../engine/interfaces.js';
import * as globals from '../globals.js';
import type { Claim } from '../job.js';
import { createResolver } from '../queue-patterns.js';
import type { Argument, Connection } from '../redis/connection.js';
import { confirmReplicas } from '../redis/replicas.js';
import {
  type CallFacts,
  type FixedArguments,
  fixedArguments,
  inSendingOrder,
  listsOf,
  partsBySize,
  type SentSlots,
  slotsOf,
} from './claim-call.js';
import { claimOf, type LargeJobs, readClaims, readSettled, type ScriptReply, without } from './claim-reply.js';
import { ExistingQueues } from './existing-queues.js';
import { failureParts } from './failure.js';
import { createKeys, type Keys } from './keys.js';
import { lockArgs } from './lock.js';
import { QueueSelection, type Selection } from './queue-selection.js';
import { claimRecord, parseRecord, QUARANTINED, suspectField } from './record.js';
import { envelopeHead } from './retry-state.js';
import { callScript, SCRIPTS } from './scripts/index.js';
import { isStrict } from './strict.js';

export interface StoreOptions {
  readonly namespace: string;
  readonly plan: QueuePlan;
  readonly workerId: (slot: number) => string;
  /** Identifies the claims of this process, also against an earlier process with the same worker id. */
  readonly nonce: string;
  /** Claims nothing while slot 0 is not registered: a claim of a worker that is not registered would never be recovered. */
  readonly checkRegistered?: boolean;
  /** With patterns: called when there are queues that were not known before. */
  readonly onNewQueues?: () => void;
  /** Processes the quarantines of the queues instead of the queues. */
  readonly quarantine?: boolean;
  /** How many replicas must confirm a call, and how long to wait for them; absent: none. */
  readonly wait?: { readonly replicas: number; readonly timeoutMs: number };
}

/** Number of records read in one call. */
const MOST_READ = 50;

export class RedisJobStore implements JobStore {
  readonly #connection: Connection;
  readonly #options: StoreOptions;
  readonly #keys: Keys;
  readonly #selection: QueueSelection;
  /** Only with patterns. */
  readonly #existing: ExistingQueues | undefined;
  /** The set of the queues that have a list. */
  readonly #set: string;
  /** The arguments that are the same in each call. */
  readonly #fixed: FixedArguments;
  #sequence = 0;

  constructor(connection: Connection, options: StoreOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#keys = createKeys(options.namespace);
    const { plan, quarantine } = options;
    const lists = listsOf(this.#keys, quarantine);
    const { weighted, queues, dynamic } = plan;
    this.#set = lists.set;
    const tracked = connection.tracking;
    this.#selection = new QueueSelection(
      { weighted, tracked, listOf: lists.list, pauseKeyOf: this.#keys.pauseOf },
      dynamic ? [] : queues,
    );
    const resolve = createResolver(queues, weighted);
    const onNames = (names: readonly string[]) => {
      if (this.#selection.setQueues(resolve(names))) options.onNewQueues?.();
    };
    if (dynamic) this.#existing = new ExistingQueues({ connection, key: lists.set, onNames });
    this.#fixed = fixedArguments(this.#keys, options, lists);
  }

  async ackAndClaim(finishes: readonly Finish[], idle: readonly number[]): Promise<ClaimReply> {
    await this.#existing?.ready();
    const parts = partsBySize(finishes);
    if (parts.length === 1) return await this.#call(finishes, idle);
    const settled: boolean[] = [];
    for (const part of parts) settled.push(...(await this.#call(part, [])).settled);
    return { ...(await this.#call([], idle)), settled };
  }

  changed(key: string | null): boolean {
    if (key === null || key === this.#set) this.#existing?.changed();
    return key === this.#keys.pause || this.#selection.changed(key);
  }

  pushedTo(queues: readonly string[] | undefined): void {
    if (queues === undefined) {
      this.#existing?.changed();
      this.#selection.all();
      return;
    }
    this.#existing?.pushedTo(queues);
    for (const queue of queues) this.#selection.pushedTo(queue);
  }

  look(): void {
    this.#existing?.changed();
    this.#selection.look();
  }

  /** One call. Its finishes are in the order of the script from here on. */
  async #call(finishes: readonly Finish[], idle: readonly number[]): Promise<ClaimReply> {
    const { quarantine, nonce } = this.#options;
    const tokenBase = `${nonce}-${(this.#sequence++).toString(36)}-${quarantine ? QUARANTINED : ''}`;
    const facts = { tokenBase, runAt: new globals.Date().toISOString() };
    const { done, moved, order } = inSendingOrder(finishes);
    for (const { claim } of moved) this.#selection.pushedTo(claim.queue);
    const selection = this.#selection.select(idle.length);
    const withFinishes = finishes.length > 0 && idle[0] === finishes[0].claim.slot;
    const offered = withFinishes ? [...slotsOf(done), ...slotsOf(moved), ...idle.slice(finishes.length)] : idle;
    const others = withFinishes ? offered.slice(done.length) : offered;
    const args = this.#arguments({ done, moved, others, idle: idle.length }, selection, facts);
    const keys = this.#keysOf(selection);
    const raw = await callScript(this.#connection, SCRIPTS.ackAndClaim, keys, args, { binary: true });
    const reply = raw as ScriptReply;
    const [state, drained, settledBytes, occupied, large, retries, empty] = reply;
    const settled = readSettled(settledBytes, order);
    const free = without(offered, occupied);
    const claims = readClaims(reply, free, selection, tokenBase);
    this.#selection.learn(selection, empty, claims.length);
    const more = this.#noteRetries(retries);
    const blocked = occupied.map((i) => offered[i]);
    // A requeue may have put its queue back into the set.
    if (moved.length > 0) this.#existing?.pushedTo(moved.map(({ claim }) => claim.queue));
    if (quarantine) await this.#forgetDeaths(finishes, settled);
    if (large !== null) {
      const next = await this.#claimLarge(large, selection, free.slice(claims.length), facts);
      claims.push(...next.claims);
      blocked.push(...next.occupied);
    }
    if (finishes.length > 0 || claims.length > 0) await this.#confirm();
    await this.#settleStarted(claims);
    const { nextRetryMs } = this.#selection;
    const isDrained = drained === 1 && this.#selection.isDone && !more;
    return {
      settled,
      claims,
      occupied: blocked,
      paused: state === 1,
      unregistered: state === 2,
      drained: isDrained,
      ...(isDrained && nextRetryMs !== undefined ? { nextRetryMs } : {}),
    };
  }

  /** @returns whether there are due ones that this call could not claim */
  #noteRetries(retries: readonly (Buffer | number)[]): boolean {
    let more = false;
    for (let i = 0; i < retries.length; i += 2)
      if (this.#selection.retryIn(String(retries[i]), retries[i + 1] as number)) more = true;
    return more;
  }

  #keysOf({ queues }: Selection): string[] {
    const keys = [this.#keys.pause];
    for (const { list } of queues) keys.push(list);
    for (const { pauseKey } of queues) keys.push(pauseKey);
    return keys;
  }

  #arguments(
    { done, moved, others, idle }: SentSlots,
    { weights, position, tellsEmpty }: Selection,
    { tokenBase, runAt }: CallFacts,
  ): Argument[] {
    const { prefixes, keys, movedKeys } = this.#fixed;
    let tokens = '';
    for (const { claim } of done) tokens += tokens === '' ? claim.token : `,${claim.token}`;
    const args: Argument[] = [String(idle), tokens, others.join(','), ...prefixes];
    args.push(tokenBase, `,"run_at":"${runAt}",`, ...keys);
    args.push(weights === undefined ? '' : String(position), weights?.join(',') ?? '', tellsEmpty ? '1' : '');
    const locks = this.#locksOf([...done, ...moved]);
    if (locks.length > 0 || moved.length > 0) args.push(String(locks.length / 4), ...locks);
    if (moved.length > 0) args.push(...movedKeys);
    for (const finish of moved) this.#pushMoved(args, finish);
    return args;
  }

  #pushMoved(args: Argument[], { claim, outcome }: Finish): void {
    const { slot, token, queue, payload, strict, retry } = claim;
    args.push(String(slot), token);
    switch (outcome.kind) {
      case 'failed': {
        const workerId = this.#options.workerId(slot);
        const context = { workerId, queue, failedAt: new globals.Date(), retry, ...(strict ? {} : { raw: payload }) };
        const { head, tail } = failureParts(outcome.error, context);
        args.push('f', head, tail);
        break;
      }
      case 'retry': {
        const { inMs, state, counts } = outcome;
        args.push('t', queue, String(inMs), envelopeHead(queue, state), counts ? '1' : '');
        break;
      }
      default:
        // A retry goes back to the sorted set that keeps its attempts.
        if (retry !== undefined) args.push('t', queue, '0', envelopeHead(queue, retry), '');
        else args.push(strict ? 'r' : 'b', queue, strict ? '' : payload);
    }
  }

  /** For each unique job the number of its finish, and its lock. */
  #locksOf(finishes: readonly Finish[]): string[] {
    const args: string[] = [];
    for (let i = 0; i < finishes.length; i++) {
      const { claim, outcome } = finishes[i];
      if (claim.lock === undefined) continue;
      const waits = outcome.kind === 'retry' || outcome.kind === 'requeue';
      const change = waits ? { renewMs: outcome.kind === 'retry' ? outcome.inMs : 0 } : 'release';
      args.push(String(i + 1), ...lockArgs(this.#keys, claim.lock, change));
    }
    return args;
  }

  /**
   * The jobs of these claims start now. A job that is enqueued after that is not kept out, so jobs whose lock ends here
   * wait for this call. If it fails, the TTLs end the locks.
   */
  async #settleStarted(claims: readonly Claim[]): Promise<void> {
    const locks = claims.flatMap(({ lock }) => lock ?? []);
    if (locks.length === 0) return;
    const args = locks.flatMap((lock) => lockArgs(this.#keys, lock, lock.untilStarted ? 'release' : { renewMs: 0 }));
    const settled = callScript(this.#connection, SCRIPTS.settleLocks, [this.#keys.never], args).catch(() => {});
    if (locks.some(({ untilStarted }) => untilStarted)) await settled;
  }

  /** Claims jobs that are too large to be checked in Redis; fewer if other workers have taken them meanwhile. */
  async #claimLarge(
    [index, ...payloads]: LargeJobs,
    { queues }: Selection,
    free: readonly number[],
    { tokenBase, runAt }: CallFacts,
  ) {
    const { name: queue, list } = queues[index];
    const wanted = payloads.slice(0, free.length).map((payload, i): Claim => {
      return claimOf({ slot: free[i], token: tokenBase + free[i], queue, payload, strict: isStrict(payload) });
    });
    const args: Argument[] = [this.#fixed.registration];
    for (const claim of wanted)
      args.push(this.#keys.worker(this.#options.workerId(claim.slot)), claim.payload, claimRecord(claim, runAt));
    const reply = await callScript(this.#connection, SCRIPTS.claimLarge, [list], args);
    const [count, atOccupied] = reply as [number, number];
    return { claims: wanted.slice(0, count), occupied: atOccupied === 1 ? [free[count]] : [] };
  }

  /** A job that ended in quarantine is no poison pill: deletes its deaths. If that fails, nothing is lost. */
  async #forgetDeaths(finishes: readonly Finish[], settled: readonly boolean[]): Promise<void> {
    const ended = finishes.filter(({ outcome }, i) => settled[i] && outcome.kind !== 'requeue');
    if (ended.length === 0) return;
    const fields = ended.map(({ claim }) => suspectField(claim.payload));
    await this.#connection.send(['HDEL', this.#keys.suspects, ...fields]).catch(() => {});
  }

  async held(slots: readonly number[]): Promise<Claim[]> {
    const claims: Claim[] = [];
    for (let i = 0; i < slots.length; i += MOST_READ) claims.push(...(await this.#read(slots.slice(i, i + MOST_READ))));
    // Their jobs are run like those of any claim.
    if (claims.length > 0) await this.#confirm();
    await this.#settleStarted(claims);
    return claims;
  }

  async #read(slots: readonly number[]): Promise<Claim[]> {
    const keys = slots.map((slot) => this.#keys.worker(this.#options.workerId(slot)));
    const records = (await this.#connection.send(['MGET', ...keys], { binary: true })) as (Buffer | null)[];
    return records.flatMap((raw, i) => {
      const record = raw === null ? undefined : parseRecord(raw);
      if (!record?.token?.startsWith(`${this.#options.nonce}-`) || slotIn(record.token) !== slots[i]) return [];
      const { token, queue, payload, strict, retry } = record;
      return [claimOf({ slot: slots[i], token, queue, payload, strict, retry })];
    });
  }

  /** Rejects if too few replicas confirm: the call then counts as one whose reply was lost. */
  async #confirm(): Promise<void> {
    const { wait } = this.#options;
    if (wait === undefined) return;
    await confirmReplicas(this.#connection, { ...wait, key: this.#keys.fence });
  }
}

/** The slot at the end of a token. */
function slotIn(token: string): number {
  return Number(/[^\d,](\d+)$/.exec(token)?.[1] ?? -1);
}
