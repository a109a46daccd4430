/**
 * A JobStore without Redis, for tests of its users: the same replies as the real store (see store-conformance.ts, which
 * both pass), and faults on demand.
 */
import type { ClaimReply, Finish, JobStore } from '../../src/engine/interfaces.js';
import type { Claim } from '../../src/job.js';

interface Held {
  readonly token: string;
  readonly queue: string;
  readonly payload: Buffer;
}

/** The state of Redis, for the stores of all processes. */
export class MemoryServer {
  readonly queues = new Map<string, Buffer[]>();
  /** By slot. */
  readonly records = new Map<number, Held>();
  readonly failed: Held[] = [];
  processed = 0;
  paused = false;
  registered = true;
  /** Called once after a push to a queue that a claim found empty. */
  readonly watchers = new Set<() => void>();

  push(queue: string, ...payloads: (string | Buffer)[]): void {
    this.list(queue).push(...payloads.map((payload) => Buffer.from(payload)));
    for (const tell of [...this.watchers]) {
      this.watchers.delete(tell);
      tell();
    }
  }

  list(queue: string): Buffer[] {
    const list = this.queues.get(queue) ?? [];
    this.queues.set(queue, list);
    return list;
  }

  get total(): number {
    const queued = [...this.queues.values()].reduce((sum, list) => sum + list.length, 0);
    return queued + this.records.size + this.failed.length + this.processed;
  }
}

export interface MemoryStoreOptions {
  readonly queues?: readonly string[];
  readonly nonce?: string;
  readonly onPush?: () => void;
}

export class MemoryStore implements JobStore {
  readonly #server: MemoryServer;
  readonly #queues: readonly string[];
  readonly #nonce: string;
  readonly #onPush: (() => void) | undefined;
  #calls = 0;
  /** The number of slots in each call, in order. */
  readonly asked: number[] = [];
  readonly read: number[] = [];
  /** The next call throws: `before` it has any effect, or `after`, when its reply is lost. */
  fault: 'before' | 'after' | undefined;
  /** Replies with more claims are lost, as if Redis limits the output buffer. */
  mostInReply = Number.POSITIVE_INFINITY;
  /** Called at each lost call: the connection is restored. */
  onReconnect: (() => void) | undefined;

  constructor(server: MemoryServer, { queues = ['q'], nonce = 'nonce', onPush }: MemoryStoreOptions = {}) {
    this.#server = server;
    this.#queues = queues;
    this.#nonce = nonce;
    this.#onPush = onPush;
  }

  async ackAndClaim(finishes: readonly Finish[], idle: readonly number[]): Promise<ClaimReply> {
    this.asked.push(idle.length);
    await this.#fail('before');
    const reply = this.apply(finishes, idle);
    await this.#fail('after');
    if (reply.claims.length > this.mostInReply) this.#lose();
    return reply;
  }

  changed(): boolean {
    return true;
  }

  pushedTo(): void {}

  look(): void {}

  async held(slots: readonly number[]): Promise<Claim[]> {
    this.read.push(slots.length);
    await this.#fail('before');
    const claims = slots.flatMap((slot) => {
      const held = this.#server.records.get(slot);
      return held?.token.startsWith(`${this.#nonce}-`) ? [{ slot, strict: isStrict(held.payload), ...held }] : [];
    });
    if (claims.length > this.mostInReply) this.#lose();
    return claims;
  }

  /** The effect of the call: also for one that arrives late. */
  apply(finishes: readonly Finish[], idle: readonly number[]): ClaimReply {
    const { paused, registered } = this.#server;
    const settled = finishes.map((finish) => this.#ack(finish));
    const unregistered = !registered;
    if (paused || unregistered || idle.length === 0) {
      this.#watch();
      return { settled, claims: [], occupied: [], paused: paused && registered, unregistered, drained: false };
    }
    return { settled, paused, unregistered, ...this.#claim(idle) };
  }

  #ack({ claim, outcome }: Finish): boolean {
    const { records, failed } = this.#server;
    const held = records.get(claim.slot);
    if (held?.token !== claim.token) return false;
    records.delete(claim.slot);
    if (outcome.kind === 'done' || outcome.kind === 'discarded') this.#server.processed++;
    else if (outcome.kind === 'failed') failed.push(held);
    else this.#server.list(claim.queue).unshift(claim.payload);
    return true;
  }

  #claim(idle: readonly number[]): Pick<ClaimReply, 'claims' | 'occupied' | 'drained'> {
    const claims: Claim[] = [];
    const occupied: number[] = [];
    const base = `${this.#nonce}-${this.#calls++}-`;
    for (const slot of idle) {
      const queue = this.#queues.find((name) => this.#server.list(name).length > 0);
      if (queue === undefined) break;
      if (this.#server.records.has(slot)) {
        occupied.push(slot);
        continue;
      }
      const payload = this.#server.list(queue).shift() as Buffer;
      const token = base + slot;
      this.#server.records.set(slot, { token, queue, payload });
      claims.push({ slot, token, queue, payload, strict: isStrict(payload) });
    }
    const drained = claims.length + occupied.length < idle.length;
    if (drained) this.#watch();
    return { claims, occupied, drained };
  }

  #watch(): void {
    if (this.#onPush !== undefined) this.#server.watchers.add(this.#onPush);
  }

  async #fail(when: 'before' | 'after'): Promise<void> {
    await undefined;
    if (this.fault !== when) return;
    this.fault = undefined;
    this.#lose();
  }

  #lose(): never {
    if (this.onReconnect !== undefined) setImmediate(this.onReconnect);
    throw new Error('Socket closed unexpectedly');
  }
}

function isStrict(payload: Buffer): boolean {
  try {
    const value: unknown = JSON.parse(payload.toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
