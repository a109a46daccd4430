/** The engine's JobStore over Redis: builds the calls of the ack-and-claim script, and reads its replies. */
import type { QueuePlan } from '../config/settings.js';
import type { ClaimReply, Finish, JobStore } from '../engine/interfaces.js';
import * as globals from '../globals.js';
import type { Claim } from '../job.js';
import type { Argument, Connection } from '../redis/connection.js';
import { confirmReplicas } from '../redis/replicas.js';
import { failureParts } from './failure.js';
import { createKeys, type Keys } from './keys.js';
import { lockArgs, readLock } from './lock.js';
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
  /** Processes the quarantines of the queues instead of the queues. */
  readonly quarantine?: boolean;
  /** How many replicas must confirm a call, and how long to wait for them; absent: none. */
  readonly wait?: { readonly replicas: number; readonly timeoutMs: number };
}

/** Limit for the bytes of jobs acknowledged in one call, so that other clients of Redis do not wait for long. */
const MOST_FINISHED_BYTES = 2 ** 21;
/** Number of records read in one call. */
const MOST_READ = 50;

export class RedisJobStore implements JobStore {
  readonly #connection: Connection;
  readonly #options: StoreOptions;
  readonly #keys: Keys;
  /** The tracked keys: pause-all-workers, the lists to claim from, and the keys that pause them. */
  readonly #watched: readonly string[];
  readonly #queueNames: readonly string[];
  readonly #queueIndex: ReadonlyMap<string, number>;
  /** The arguments that are the same in each call. */
  readonly #fixed: FixedArguments;
  #sequence = 0;
  /** Where the script's walk through the weights continues; random at first, so that processes differ. */
  #position = Math.random();

  constructor(connection: Connection, options: StoreOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#keys = createKeys(options.namespace);
    this.#queueNames = options.plan.queues.map((queue) => queue.name);
    this.#queueIndex = new globals.Map(this.#queueNames.map((name, index) => [name, index]));
    const lists = listsOf(this.#keys, options.quarantine);
    const { pause, pauseOf } = this.#keys;
    this.#watched = [pause, ...this.#queueNames.map(lists.list), ...this.#queueNames.map(pauseOf)];
    this.#fixed = fixedArguments(this.#keys, options, lists);
  }

  async ackAndClaim(finishes: readonly Finish[], idle: readonly number[]): Promise<ClaimReply> {
    const parts = partsBySize(finishes);
    if (parts.length === 1) return await this.#call(finishes, idle);
    const settled: boolean[] = [];
    for (const part of parts) settled.push(...(await this.#call(part, [])).settled);
    return { ...(await this.#call([], idle)), settled };
  }

  async #call(finishes: readonly Finish[], idle: readonly number[]): Promise<ClaimReply> {
    const { quarantine, nonce } = this.#options;
    const tokenBase = `${nonce}-${(this.#sequence++).toString(36)}-${quarantine ? QUARANTINED : ''}`;
    const runAt = new globals.Date().toISOString();
    const args = this.#arguments(finishes, idle, { tokenBase, runAt });
    const raw = await callScript(this.#connection, SCRIPTS.ackAndClaim, this.#watched, args, { binary: true });
    const reply = raw as ScriptReply;
    const [state, drained, settledBytes, occupied, large, nextRetryMs] = reply;
    const settled = Array.from(settledBytes, (byte) => byte === ONE);
    const free = without(idle, occupied);
    const claims = this.#readClaims(reply, free, tokenBase);
    const blocked = occupied.map((i) => idle[i]);
    if (quarantine) await this.#forgetDeaths(finishes, settled);
    if (large !== null) {
      const next = await this.#claimLarge(large, free.slice(claims.length), { tokenBase, runAt });
      claims.push(...next.claims);
      blocked.push(...next.occupied);
    }
    if (finishes.length > 0 || claims.length > 0) await this.#confirm();
    await this.#settleStarted(claims);
    return {
      settled,
      claims,
      occupied: blocked,
      paused: state === 1,
      unregistered: state === 2,
      drained: drained === 1,
      ...(nextRetryMs >= 0 ? { nextRetryMs } : {}),
    };
  }

  #arguments(finishes: readonly Finish[], idle: readonly number[], { tokenBase, runAt }: CallFacts): Argument[] {
    const { prefixes, keys, walk } = this.#fixed;
    const args: Argument[] = [String(finishes.length), String(idle.length), ...prefixes, tokenBase];
    args.push(
      `,"run_at":"${runAt}",`,
      ...keys,
      this.#options.plan.weighted ? this.#walk(idle.length) : '',
      ...walk,
      ...this.#locksOf(finishes),
    );
    for (const finish of finishes) this.#pushFinish(args, finish);
    // The slots of the finishes are already in the arguments.
    const named = finishes.length > 0 && idle[0] === finishes[0].claim.slot ? finishes.length : 0;
    for (let i = named; i < idle.length; i++) args.push(String(idle[i]));
    return args;
  }

  /** Where the script's walk through the weights begins; the next call goes on where it ends with a job in each slot. */
  #walk(steps: number): string {
    const from = this.#position;
    this.#position = (from + GOLDEN * steps) % 1;
    return String(from);
  }

  #pushFinish(args: Argument[], { claim, outcome }: Finish): void {
    const { slot, token, queue, payload, strict, retry } = claim;
    args.push(String(slot), token);
    switch (outcome.kind) {
      case 'done':
      case 'discarded':
        args.push('d');
        break;
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
      case 'requeue':
        // A retry goes back to the sorted set that keeps its attempts.
        if (retry !== undefined) args.push('t', queue, '0', envelopeHead(queue, retry), '');
        else args.push(strict ? 'r' : 'b', String(this.#queueIndex.get(queue)), queue, strict ? '' : payload);
    }
  }

  /** How many of the jobs are unique; then for each of these the number of its finish, and its lock. */
  #locksOf(finishes: readonly Finish[]): string[] {
    const args = ['0'];
    for (let i = 0; i < finishes.length; i++) {
      const { claim, outcome } = finishes[i];
      if (claim.lock === undefined) continue;
      const waits = outcome.kind === 'retry' || outcome.kind === 'requeue';
      const change = waits ? { renewMs: outcome.kind === 'retry' ? outcome.inMs : 0 } : 'release';
      args.push(String(i + 1), ...lockArgs(this.#keys, claim.lock, change));
    }
    if (args.length > 1) args[0] = String((args.length - 1) / 4);
    return args;
  }

  /**
   * The jobs of these claims start now. Whoever enqueues the same job after that gets in, so those whose lock ends here wait for
   * it. If the call fails, the TTLs end the locks.
   */
  async #settleStarted(claims: readonly Claim[]): Promise<void> {
    const locks = claims.flatMap(({ lock }) => lock ?? []);
    if (locks.length === 0) return;
    const args = locks.flatMap((lock) => lockArgs(this.#keys, lock, lock.untilStarted ? 'release' : { renewMs: 0 }));
    const settled = callScript(this.#connection, SCRIPTS.settleLocks, [this.#keys.never], args).catch(() => {});
    if (locks.some(({ untilStarted }) => untilStarted)) await settled;
  }

  #readClaims(reply: ScriptReply, free: readonly number[], tokenBase: string): Claim[] {
    const claims: Claim[] = [];
    for (let i = FIRST_CLAIM, n = 0; i < reply.length; i += 2, n++) {
      const [code, payload] = [reply[i] as number, reply[i + 1] as Buffer];
      const [slot, token] = [free[n], tokenBase + free[n]];
      if (code >= 0)
        claims.push(claimOf({ slot, token, queue: this.#queueNames[code >> 1], payload, strict: (code & 1) === 1 }));
      else claims.push(claimOf({ slot, token, queue: this.#queueNames[-1 - code], ...inEnvelope(payload) }));
    }
    return claims;
  }

  /** Claims jobs that are too large to be checked in Redis; fewer if other workers have taken them meanwhile. */
  async #claimLarge([index, ...payloads]: LargeJobs, free: readonly number[], { tokenBase, runAt }: CallFacts) {
    const queue = this.#queueNames[index];
    const wanted = payloads.slice(0, free.length).map((payload, i): Claim => {
      return claimOf({ slot: free[i], token: tokenBase + free[i], queue, payload, strict: isStrict(payload) });
    });
    const args: Argument[] = [this.#fixed.registration];
    for (const claim of wanted)
      args.push(this.#keys.worker(this.#options.workerId(claim.slot)), claim.payload, claimRecord(claim, runAt));
    const reply = await callScript(this.#connection, SCRIPTS.claimLarge, [this.#watched[index + 1]], args);
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
      if (!record?.token?.startsWith(`${this.#options.nonce}-`)) return [];
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

/** What is the same in each call, in the order of the script's arguments. */
interface FixedArguments {
  /** Worker ids are sent as the parts before and after the slot number. */
  readonly prefixes: readonly string[];
  readonly keys: readonly string[];
  readonly walk: readonly string[];
  readonly registration: string;
}

interface Lists {
  /** The set with the names of the queues that have one. */
  readonly set: string;
  list(queue: string): string;
}

function listsOf(keys: Keys, quarantine = false): Lists {
  return quarantine ? { set: keys.quarantines, list: keys.quarantine } : { set: keys.queues, list: keys.queue };
}

function fixedArguments(
  keys: Keys,
  { plan, workerId, checkRegistered, quarantine }: StoreOptions,
  { set, list }: Lists,
): FixedArguments {
  const [before, after] = aroundSlot(workerId);
  const registration = checkRegistered ? keys.started(workerId(0)) : '';
  return {
    prefixes: [keys.worker(before), keys.processedBy(before), keys.failuresOf(before), after],
    keys: [set, keys.failed, keys.processed, keys.failures, registration],
    walk: [
      plan.weighted ? plan.queues.map(({ weight }) => weight).join(',') : '',
      String(Buffer.byteLength(list(''))),
      keys.retries,
      // The quarantine child runs no retries.
      quarantine ? '' : '1',
      keys.stat,
    ],
    registration,
  };
}

/** With the lock of a unique job. */
function claimOf(claim: Claim): Claim {
  const lock = readLock(claim.payload);
  return lock === undefined ? claim : { ...claim, lock };
}

/** An invalid record counts as an unreadable payload. */
function inEnvelope(envelope: Buffer): Pick<Claim, 'payload' | 'strict' | 'retry'> {
  const { payload, strict, retry } = parseRecord(envelope) ?? { payload: envelope, strict: false, retry: undefined };
  return { payload, strict, retry };
}

/** The parts of a worker id before and after the slot. */
function aroundSlot(workerId: (slot: number) => string): [string, string] {
  const [one, other] = [workerId(0), workerId(1)];
  let at = 0;
  while (one[at] === other[at]) at++;
  return [one.slice(0, at), one.slice(at + 1)];
}

/** Parts whose jobs have at most so many bytes that Redis moves at once, or consist of a single job. */
function partsBySize(finishes: readonly Finish[]): readonly (readonly Finish[])[] {
  const parts: (readonly Finish[])[] = [];
  let from = 0;
  let bytes = 0;
  for (const [i, { claim }] of finishes.entries()) {
    if (i > from && bytes + claim.payload.length > MOST_FINISHED_BYTES) {
      parts.push(finishes.slice(from, i));
      [from, bytes] = [i, 0];
    }
    bytes += claim.payload.length;
  }
  return from === 0 ? [finishes] : [...parts, finishes.slice(from)];
}

function without(idle: readonly number[], occupied: readonly number[]): readonly number[] {
  if (occupied.length === 0) return idle;
  const blocked = new globals.Set(occupied);
  return idle.filter((_, i) => !blocked.has(i));
}

/** The script's step. */
const GOLDEN = 0.6180339887498949;
const ONE = '1'.charCodeAt(0);

interface CallFacts {
  readonly tokenBase: string;
  readonly runAt: string;
}

/** Index of their queue, payloads. */
type LargeJobs = readonly [number, ...Buffer[]];
/**
 * state, drained, settled, occupied, large jobs, ms until the next retry or -1; then for each claim 2 * queue + strict and
 * the payload, or -1 - queue and the envelope of a retry.
 */
type ScriptReply = [number, number, Buffer, number[], LargeJobs | null, number, ...(number | Buffer)[]];
const FIRST_CLAIM = 6;
