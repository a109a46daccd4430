/**
 * Orders to a running process: a message on its channel, `tsworker:control:<label:pid>`, a JSON object. What came of it is
 * written to a key of its own that expires, for who sent it. Whatever else arrives on the channel is ignored.
 */
import * as globals from '../globals.js';
import type { Connection, Listening } from '../redis/connection.js';
import { isDenied } from '../redis/permissions.js';
import type { Keys } from '../resque/keys.js';
import { type Identity, keysOf, processName } from './identity.js';

/** How a cancelled job ends. */
export type CancelAs = 'fail' | 'discard' | 'requeue';
export const CANCEL_AS: readonly CancelAs[] = ['fail', 'discard', 'requeue'];

/** Plain data, since it may be passed to a thread or another process. */
export interface CancelOrder {
  readonly kind: 'cancel';
  /** Names the key of the answer. */
  readonly id: string;
  readonly slot: number;
  /** Names the claim: the next job of the slot has another. */
  readonly token: string;
  readonly as: CancelAs;
}

/** For the whole tsworker that the process belongs to. */
export interface ProcessOrder {
  readonly kind: 'quiet' | 'resume' | 'stop';
  readonly id: string;
}

export type ControlOrder = CancelOrder | ProcessOrder;

/** From the heartbeat thread. */
export interface OrderMessage {
  readonly kind: 'order';
  readonly order: ControlOrder;
}

/**
 * What came of an order. For a job: as it was counted. gone: it had ended before. recovered: another process had declared
 * this one dead. done and retry: it ended so by itself. accepted: an order for a process.
 */
export type ControlResult = 'failed' | 'discarded' | 'requeued' | 'done' | 'retry' | 'gone' | 'recovered' | 'accepted';

/** How the log names who ordered it. */
export const ORDERED_BY: Readonly<Record<ProcessOrder['kind'], string>> = {
  quiet: 'tsworker workers quiet',
  resume: 'tsworker workers resume',
  stop: 'tsworker workers stop',
};

export interface ControlAnswer {
  readonly result: ControlResult;
  /** The job blocked its process, which was killed. */
  readonly killed?: boolean | undefined;
}

const RESULTS: readonly ControlResult[] = [
  ...(['failed', 'discarded', 'requeued', 'done', 'retry', 'gone', 'recovered', 'accepted'] as const),
];
/** Characters. */
const MOST = 1000;
const REMEMBERED_S = 60;

export function orderText(order: ControlOrder): string {
  return globals.JSON.stringify(order);
}

/** @returns undefined for anything that is no order */
export function parseOrder(text: string): ControlOrder | undefined {
  const fields = text.length > MOST ? undefined : parseObject(text);
  if (fields === undefined) return undefined;
  const { kind, id, slot, token, as } = fields;
  if (typeof id !== 'string' || !/^[\w-]{8,64}$/.test(id)) return undefined;
  if (kind === 'quiet' || kind === 'resume' || kind === 'stop') return { kind, id };
  const isSlot = Number.isSafeInteger(slot) && (slot as number) >= 0;
  if (kind !== 'cancel' || !isSlot || typeof token !== 'string' || token === '') return undefined;
  if (!CANCEL_AS.includes(as as CancelAs)) return undefined;
  return { kind, id, slot: slot as number, token, as: as as CancelAs };
}

export async function writeAnswer(connection: Connection, keys: Keys, id: string, answer: ControlAnswer) {
  await connection.send(['SET', keys.answer(id), globals.JSON.stringify(answer), 'EX', String(REMEMBERED_S)]);
}

/** @returns undefined while there is none */
export async function readAnswer(connection: Connection, keys: Keys, id: string): Promise<ControlAnswer | undefined> {
  const text = await connection.send(['GET', keys.answer(id)]);
  return text === null ? undefined : parseAnswer(String(text));
}

export function parseAnswer(text: string): ControlAnswer | undefined {
  const fields = parseObject(text);
  if (fields === undefined || !RESULTS.includes(fields.result as ControlResult)) return undefined;
  return { result: fields.result as ControlResult, killed: fields.killed === true };
}

/** Takes the orders for a process from its channel, also after a reconnect. */
export class ControlChannel {
  readonly #connection: Listening;
  readonly #channel: string;

  constructor(connection: Listening, identity: Identity) {
    this.#connection = connection;
    this.#channel = keysOf(identity).control(processName(identity));
  }

  /**
   * Never rejects: a process that cannot listen works all the same.
   * @param problem called if the ACL forbids it
   */
  async open(onOrder: (order: ControlOrder) => void, problem: (message: string) => void): Promise<void> {
    const listener = (text: string) => {
      const order = parseOrder(text);
      if (order !== undefined) onOrder(order);
    };
    try {
      await this.#connection.listen(this.#channel, listener);
    } catch (error) {
      // If it is the connection that failed, the next one subscribes; without RESP3 nobody listens.
      if (isDenied(error)) problem(deniedText(this.#channel));
    }
  }

  async close(): Promise<void> {
    await this.#connection.unlisten(this.#channel).catch(() => {});
  }
}

function deniedText(channel: string): string {
  const pattern = `${channel.slice(0, channel.indexOf('tsworker:control:'))}tsworker:control:*`;
  return `the ACL forbids the channel for orders, so jobs cannot be cancelled: ACL SETUSER <user> +subscribe +unsubscribe &${pattern}`;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = globals.JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
