/** Reads a payload for display: class, arguments, time of enqueueing. Accepts any bytes, and never throws. Pure. */
import { decodeArguments } from '../active-job/decode.js';
import { TsworkerError } from '../errors.js';
import type { DecodedPayload } from '../job.js';
import { decodePayload } from '../resque/codec.js';
import { ownClass, wrappedJob } from '../resque/wrapper.js';
import { enqueuedAtOf } from './enqueued.js';

export interface JobSeen {
  /** The class; for an ActiveJob job, that of the job itself; '' if there is none. */
  readonly class: string;
  /** When it was pushed. Resque does not write it; ActiveJob, php-resque and others do. Milliseconds since the epoch. */
  readonly enqueuedAt: number | undefined;
  /** Why it is not a valid job. */
  readonly problem: string | undefined;
  /** The text that the producer pushed. */
  readonly payload: string;
}

/** Reads it as a worker does: `problem` is the error with which the worker would fail it. */
export function readJob(bytes: Buffer): JobSeen {
  const payload = bytes.toString();
  const value = parsed(payload);
  return { class: readClass(value), enqueuedAt: enqueuedAtOf(value), problem: problemOf(bytes), payload };
}

/** The class in a decoded payload; for an ActiveJob job, that of the job itself; '' if there is none. */
export function readClass(value: unknown): string {
  return typeof value === 'object' && value !== null ? ownClass(value) : '';
}

/** The arguments as JSON text with exact large integers. Only for display: a string that looks the same is not escaped. */
export function argsText(payload: string): string {
  try {
    return exact(ownArgs(decodePayload(Buffer.from(payload), true))).slice(1, -1);
  } catch {
    const { args } = (parsed(payload) ?? {}) as Fields;
    // node-resque's records contain {} if there are no arguments.
    return typeof args === 'object' && args !== null ? JSON.stringify(args).replace(/^\{\}$/, '') : payload;
  }
}

/** The arguments of the job itself: of a wrapped one those of ActiveJob, decoded (as they are, where that fails). */
export function ownArgs(job: DecodedPayload): readonly unknown[] {
  const given = wrappedJob(job)?.arguments;
  if (!Array.isArray(given)) return job.args;
  try {
    const decoded = decodeArguments(given);
    return decoded instanceof Promise ? (given as unknown[]) : decoded;
  } catch {
    return given as unknown[];
  }
}

interface Fields {
  readonly args?: unknown;
}

function parsed(payload: string): unknown {
  try {
    return JSON.parse(payload) as unknown;
  } catch {
    return undefined;
  }
}

function problemOf(bytes: Buffer): string | undefined {
  try {
    return decodePayload(bytes, false).class === '' ? 'no class' : undefined;
  } catch (error) {
    return error instanceof TsworkerError ? error.message.split(';')[0] : String(error);
  }
}

/** Node 20 has no JSON.rawJSON. */
function exact(value: unknown): string {
  const text = JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? `\0${item}` : item));
  return text.replace(/"\\u0000(-?\d+)"/g, '$1');
}
