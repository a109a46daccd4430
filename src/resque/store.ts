/** The engine's JobStore over Redis: builds the calls of exchange.lua, and reads its replies. */
import type { QueuePlan } from '../config/settings.js';
import type { Exchanged, Finish, JobStore } from '../engine/ports.js';
import type { Claim } from '../job.js';
import type { Argument, Connection } from '../redis/connection.js';
import { failureParts } from './failure.js';
import { createKeys } from './keys.js';
import { parseRecord } from './record.js';
import { callScript, loadScript, type Script } from './scripts/index.js';

export interface StoreOptions {
  readonly namespace: string;
  readonly plan: QueuePlan;
  readonly workerId: (slot: number) => string;
  /** Tells this process' claims from any other's, also of an earlier process with the same worker id. */
  readonly nonce: string;
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
  readonly #script: Script = loadScript('exchange');
  /** pause-all-workers and the queue lists: what Redis watches for us. */
  readonly #watched: readonly string[];
  readonly #queueNames: readonly string[];
  readonly #queueIndex: ReadonlyMap<string, number>;
  readonly #queueArgs: readonly string[];
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
    this.#queueArgs = options.plan.queues.flatMap(({ name, weight }) => [JSON.stringify(name), String(weight)]);
  }

  async exchange(finishes: readonly Finish[], idle: readonly number[]): Promise<Exchanged> {
    const tokenBase = `${this.#options.nonce}-${(this.#sequence++).toString(36)}-`;
    const args: Argument[] = [
      String(finishes.length),
      String(idle.length),
      this.#options.plan.weighted ? String(this.#position) : '',
      tokenBase,
      `,"run_at":"${new Date().toISOString()}",`,
      this.#keys.queues,
      this.#keys.failed,
      this.#keys.processed,
      this.#keys.failures,
      ...this.#queueArgs,
    ];
    for (const finish of finishes) this.#pushFinish(args, finish);
    for (const slot of idle) {
      const names = this.#namesOf(slot);
      args.push(names.worker, names.number);
    }
    const reply = await callScript(this.#connection, this.#script, this.#watched, args, { binary: true });
    const exchanged = this.#readReply(reply as ScriptReply, idle, tokenBase);
    this.#position = (this.#position + GOLDEN * exchanged.claims.length) % 1;
    return exchanged;
  }

  async held(slots: readonly number[]): Promise<Claim[]> {
    if (slots.length === 0) return [];
    const keys = slots.map((slot) => this.#namesOf(slot).worker);
    const records = (await this.#connection.send(['MGET', ...keys], { binary: true })) as (Buffer | null)[];
    return records.flatMap((raw, i) => {
      const record = raw === null ? undefined : parseRecord(raw);
      if (!record?.token?.startsWith(`${this.#options.nonce}-`)) return [];
      const { token, queue, payload, strict } = record;
      return [{ slot: slots[i], token, queue, payload, strict }];
    });
  }

  #pushFinish(args: Argument[], { claim, outcome }: Finish): void {
    const names = this.#namesOf(claim.slot);
    args.push(names.worker, `{"token":"${claim.token}"`);
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
    const [paused, drained, settled, occupied] = reply;
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
      paused: paused === 1,
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

/** The script's step. */
const GOLDEN = 0.6180339887498949;
const ONE = '1'.charCodeAt(0);

/** paused, drained, settled, occupied; then for each claim 2 * queue + strict, payload. */
type ScriptReply = [number, number, Buffer, number[], ...(number | Buffer)[]];
