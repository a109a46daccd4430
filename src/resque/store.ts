/** The engine's JobStore over Redis: builds the calls of the exchange script, and reads its replies. */
import type { QueuePlan } from '../config/settings.js';
import type { Company, Exchanged, Finish, JobStore } from '../engine/interfaces.js';
import type { Claim } from '../job.js';
import type { Argument, Connection } from '../redis/connection.js';
import { confirmReplicas } from '../redis/replicas.js';
import { failureParts } from './failure.js';
import { createKeys } from './keys.js';
import { ALONE, parseRecord, SUSPECT } from './record.js';
import { callScript, SCRIPTS, type Script } from './scripts/index.js';

export interface StoreOptions {
  readonly namespace: string;
  readonly plan: QueuePlan;
  readonly workerId: (slot: number) => string;
  /** Tells this process' claims from any other's, also of an earlier process with the same worker id. */
  readonly nonce: string;
  /** Claims nothing while slot 0 is not registered: a claim of a worker that is in no book would never be recovered. */
  readonly checkRegistered?: boolean;
  /** How many replicas must have an exchange before it counts, and how long they are waited for; absent: none. */
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
  readonly #soloArgs: readonly string[];
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
    this.#watched = [this.#keys.pause, ...this.#queueNames.map((name) => this.#keys.queue(name))];
    const registered = options.checkRegistered ? this.#keys.started(options.workerId(0)) : '';
    this.#soloArgs = [this.#keys.suspects, this.#keys.solo, registered];
    // The key that callScript adds is taken for one queue more, always empty and never chosen before the others.
    const weights = [...options.plan.queues.map(({ weight }) => weight), ...(connection.clustered ? [0] : [])];
    const prefix = Buffer.byteLength(this.#keys.queue(''));
    this.#queueArgs = [options.plan.weighted ? weights.join(',') : '', String(prefix)];
  }

  async exchange(finishes: readonly Finish[], idle: readonly number[], company = NO_COMPANY): Promise<Exchanged> {
    const [suspects, solo, registered] = this.#soloArgs;
    const tokenBase = `${this.#options.nonce}-${(this.#sequence++).toString(36)}-`;
    const args: Argument[] = [
      String(finishes.length),
      String(idle.length),
      this.#options.plan.weighted ? this.#walk(idle.length) : '',
      tokenBase,
      `,"run_at":"${new Date().toISOString()}",`,
      this.#keys.queues,
      this.#keys.failed,
      this.#keys.processed,
      this.#keys.failures,
      suspects,
      solo,
      String(company.busy),
      TURNS[company.turn],
      registered,
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
    const exchanged = this.#readReply(reply as ScriptReply, idle, tokenBase);
    if (finishes.length > 0 || exchanged.claims.length > 0) await this.#confirm();
    return exchanged;
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
      const { token, queue, payload, strict, alone, suspect } = record;
      return [{ slot: slots[i], token, queue, payload, strict, ...(suspect ? { alone, suspect } : {}) }];
    });
    // Their jobs are run now, as those of an exchange are.
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

  #readReply(reply: ScriptReply, idle: readonly number[], tokenBase: string): Exchanged {
    const [state, drained, settled, occupied, waits] = reply;
    const blocked = new Set(occupied);
    const free = blocked.size === 0 ? idle : idle.filter((_, i) => !blocked.has(i));
    const claims: Claim[] = [];
    for (let i = 5, n = 0; i < reply.length; i += 2, n++) {
      const code = reply[i] as number;
      const slot = free[n];
      const claim = {
        slot,
        token: tokenBase + this.#namesOf(slot).number,
        queue: this.#queueNames[code >> 3],
        payload: reply[i + 1] as Buffer,
        strict: (code & 1) === 1,
      };
      claims.push((code & 6) === 0 ? claim : suspected(claim, (code & 4) !== 0));
    }
    return {
      settled: Array.from(settled, (byte) => byte === ONE),
      claims,
      occupied: occupied.map((i) => idle[i]),
      paused: state === 1,
      unregistered: state === 2,
      drained: drained === 1,
      waitsAlone: WAITS[waits],
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

function suspected(claim: Claim, alone: boolean): Claim {
  return { ...claim, token: claim.token + (alone ? ALONE : SUSPECT), alone, suspect: true };
}

/** The script's step. */
const GOLDEN = 0.6180339887498949;
const ONE = '1'.charCodeAt(0);

const NO_COMPANY: Company = { busy: 0, turn: 'none' };
const TURNS = { none: '', keep: 'k', release: 'x' } as const;
const WAITS = [undefined, 'here', 'elsewhere'] as const;

/** state, drained, settled, occupied, waits; then for each claim 8 * queue + 4 * alone + 2 * merely suspect + strict, payload. */
type ScriptReply = [number, number, Buffer, number[], number, ...(number | Buffer)[]];
