/** The engine's JobStore over Redis: builds the calls of the ack-and-claim script, and reads its replies. */
import type { QueuePlan } from '../config/settings.js';
import type { ClaimReply, Finish, JobStore } from '../engine/interfaces.js';
import type { Claim } from '../job.js';
import type { Argument, Connection } from '../redis/connection.js';
import { confirmReplicas } from '../redis/replicas.js';
import { failureParts } from './failure.js';
import { createKeys, type Keys } from './keys.js';
import { parseRecord, QUARANTINED, suspectField } from './record.js';
import { callScript, SCRIPTS, type Script } from './scripts/index.js';

export interface StoreOptions {
  readonly namespace: string;
  readonly plan: QueuePlan;
  readonly workerId: (slot: number) => string;
  /** Tells this process' claims from any other's, also of an earlier process with the same worker id. */
  readonly nonce: string;
  /** Claims nothing while slot 0 is not registered: a claim of a worker that is in no book would never be recovered. */
  readonly checkRegistered?: boolean;
  /** Works what is in the quarantines of the queues, in place of the queues themselves. */
  readonly quarantine?: boolean;
  /** How many replicas must have a call before it counts, and how long they are waited for; absent: none. */
  readonly wait?: { readonly replicas: number; readonly timeoutMs: number };
}

/** A slot's names, made once: they go out with every job. */
interface SlotNames {
  readonly id: string;
  readonly worker: string;
  readonly processed: string;
  readonly failures: string;
  readonly number: string;
}

export class RedisJobStore implements JobStore {
  readonly #connection: Connection;
  readonly #options: StoreOptions;
  readonly #keys: ReturnType<typeof createKeys>;
  readonly #script: Script = SCRIPTS.exchange;
  /** pause-all-workers and the queue lists: what Redis watches for us. */
  readonly #watched: readonly string[];
  readonly #queueNames: readonly string[];
  readonly #queueIndex: ReadonlyMap<string, number>;
  readonly #queueArgs: readonly string[];
  /** The set with the names of the lists that we claim from. */
  readonly #queueSet: string;
  readonly #registered: string;
  readonly #slots: SlotNames[] = [];
  #sequence = 0;
  /** Where the script's walk through the weights goes on: at random at first, so that processes differ. */
  #position = Math.random();

  constructor(connection: Connection, options: StoreOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#keys = createKeys(options.namespace);
    this.#queueNames = options.plan.queues.map((queue) => queue.name);
    this.#queueIndex = new Map(this.#queueNames.map((name, index) => [name, index]));
    const { set, list } = listsOf(this.#keys, options.quarantine);
    this.#watched = [this.#keys.pause, ...this.#queueNames.map(list)];
    this.#queueSet = set;
    this.#registered = options.checkRegistered ? this.#keys.started(options.workerId(0)) : '';
    // The key that callScript adds is taken for one queue more, always empty and never chosen before the others.
    const weights = [...options.plan.queues.map(({ weight }) => weight), ...(connection.clustered ? [0] : [])];
    const prefix = Buffer.byteLength(list(''));
    this.#queueArgs = [options.plan.weighted ? weights.join(',') : '', String(prefix)];
  }

  async ackAndClaim(finishes: readonly Finish[], idle: readonly number[]): Promise<ClaimReply> {
    const origin = this.#options.quarantine ? QUARANTINED : '';
    const tokenBase = `${this.#options.nonce}-${(this.#sequence++).toString(36)}-${origin}`;
    const args: Argument[] = [
      String(finishes.length),
      String(idle.length),
      this.#options.plan.weighted ? this.#walk(idle.length) : '',
      tokenBase,
      `,"run_at":"${new Date().toISOString()}",`,
      this.#queueSet,
      this.#keys.failed,
      this.#keys.processed,
      this.#keys.failures,
      this.#registered,
      ...this.#queueArgs,
    ];
    for (const finish of finishes) this.#pushFinish(args, finish);
    // The slots of the finishes are named already.
    const named = finishes.length > 0 && idle[0] === finishes[0].claim.slot ? finishes.length : 0;
    for (let i = named; i < idle.length; i++) {
      const names = this.#namesOf(idle[i]);
      args.push(names.worker, names.number);
    }
    const reply = await callScript(this.#connection, this.#script, this.#watched, args, { binary: true });
    const read = this.#readReply(reply as ScriptReply, idle, tokenBase);
    if (this.#options.quarantine) await this.#forgetDeaths(finishes, read.settled);
    if (finishes.length > 0 || read.claims.length > 0) await this.#confirm();
    return read;
  }

  /** A job that has ended in quarantine is no poison pill. Where this fails, an equal one comes here sooner. */
  async #forgetDeaths(finishes: readonly Finish[], settled: readonly boolean[]): Promise<void> {
    const ended = finishes.filter(({ outcome }, i) => settled[i] && outcome.kind !== 'requeue');
    if (ended.length === 0) return;
    const fields = ended.map(({ claim }) => suspectField(claim.payload));
    await this.#connection.send(['HDEL', this.#keys.suspects, ...fields]).catch(() => {});
  }

  /** Where the script's walk through the weights begins; the next call goes on where it ends with a job in each slot. */
  #walk(steps: number): string {
    const from = this.#position;
    this.#position = (from + GOLDEN * steps) % 1;
    return String(from);
  }

  async held(slots: readonly number[]): Promise<Claim[]> {
    if (slots.length === 0) return [];
    const keys = slots.map((slot) => this.#namesOf(slot).worker);
    const records = (await this.#connection.send(['MGET', ...keys], { binary: true })) as (Buffer | null)[];
    const claims = records.flatMap((raw, i) => {
      const record = raw === null ? undefined : parseRecord(raw);
      if (!record?.token?.startsWith(`${this.#options.nonce}-`)) return [];
      const { token, queue, payload, strict } = record;
      return [{ slot: slots[i], token, queue, payload, strict }];
    });
    // Their jobs are run now, as those of any claim are.
    if (claims.length > 0) await this.#confirm();
    return claims;
  }

  /** Rejects where too few replicas have it: then the call counts as one whose reply was lost. */
  async #confirm(): Promise<void> {
    const { wait } = this.#options;
    if (wait === undefined) return;
    await confirmReplicas(this.#connection, { ...wait, key: this.#keys.fence });
  }

  #pushFinish(args: Argument[], { claim, outcome }: Finish): void {
    const names = this.#namesOf(claim.slot);
    args.push(names.worker, names.number, `{"token":"${claim.token}"`);
    switch (outcome.kind) {
      case 'done':
        args.push('d', names.processed);
        break;
      case 'failed': {
        const { head, tail } = failureParts(outcome.error, {
          workerId: names.id,
          queue: claim.queue,
          failedAt: new Date(),
          ...(claim.strict ? {} : { raw: claim.payload }),
        });
        args.push('f', names.failures, head, tail);
        break;
      }
      case 'requeue':
        args.push(claim.strict ? 'r' : 'b', String(this.#queueIndex.get(claim.queue)), claim.queue);
        args.push(claim.strict ? '' : claim.payload);
    }
  }

  #readReply(reply: ScriptReply, idle: readonly number[], tokenBase: string): ClaimReply {
    const [state, drained, settled, occupied] = reply;
    const blocked = new Set(occupied);
    const free = blocked.size === 0 ? idle : idle.filter((_, i) => !blocked.has(i));
    const claims: Claim[] = [];
    for (let i = 4, n = 0; i < reply.length; i += 2, n++) {
      const code = reply[i] as number;
      const slot = free[n];
      claims.push({
        slot,
        token: tokenBase + this.#namesOf(slot).number,
        queue: this.#queueNames[code >> 1],
        payload: reply[i + 1] as Buffer,
        strict: (code & 1) === 1,
      });
    }
    return {
      settled: Array.from(settled, (byte) => byte === ONE),
      claims,
      occupied: occupied.map((i) => idle[i]),
      paused: state === 1,
      unregistered: state === 2,
      drained: drained === 1,
    };
  }

  #namesOf(slot: number): SlotNames {
    const known = this.#slots[slot];
    if (known !== undefined) return known;
    const id = this.#options.workerId(slot);
    const names = {
      id,
      worker: this.#keys.worker(id),
      processed: this.#keys.processedBy(id),
      failures: this.#keys.failuresOf(id),
      number: String(slot),
    };
    this.#slots[slot] = names;
    return names;
  }
}

function listsOf(keys: Keys, quarantine = false): { readonly set: string; list(queue: string): string } {
  return quarantine ? { set: keys.quarantines, list: keys.quarantine } : { set: keys.queues, list: keys.queue };
}

/** The script's step. */
const GOLDEN = 0.6180339887498949;
const ONE = '1'.charCodeAt(0);

/** state, drained, settled, occupied; then for each claim 2 * queue + strict, payload. */
type ScriptReply = [number, number, Buffer, number[], ...(number | Buffer)[]];
