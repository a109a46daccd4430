/** What a payload says to people: class, arguments, since when it waits. Reads anything, and never throws. Pure. */
import { TsworkerError } from '../errors.js';
import { decodePayload } from '../resque/codec.js';
import { enqueuedAtOf, WRAPPER } from './enqueued.js';

export interface JobSeen {
  /** ActiveJob's own class where Rails wrapped it; '' where there is none. */
  readonly class: string;
  /** When it was pushed. Resque does not write that; ActiveJob, php-resque and others do. Milliseconds. */
  readonly enqueuedAt: number | undefined;
  /** Why it is no job that anybody can run. */
  readonly problem: string | undefined;
  /** As the producer pushed it. */
  readonly payload: string;
}

/** As a worker reads it: `problem` is what the worker would fail it with. */
export function readJob(bytes: Buffer): JobSeen {
  const payload = bytes.toString();
  const value = parsed(payload);
  return { class: readClass(value), enqueuedAt: enqueuedAtOf(value), problem: problemOf(bytes), payload };
}

/** The class that a decoded payload names, ActiveJob's own where Rails wrapped it; '' where there is none. */
export function readClass(value: unknown): string {
  if (typeof value !== 'object' || value === null) return '';
  const fields = value as Fields;
  const rails = railsJob(fields)?.job_class;
  if (typeof rails === 'string') return rails;
  return typeof fields.class === 'string' ? fields.class : '';
}

/** The arguments as JSON text, large integers exact: for people, since it cannot be told from a text that looks so. */
export function argsText(payload: string): string {
  try {
    const { args } = decodePayload(Buffer.from(payload), true);
    const rails = railsJob({ class: (parsed(payload) as Fields).class, args });
    return exact(Array.isArray(rails?.arguments) ? rails.arguments : args).slice(1, -1);
  } catch {
    const { args } = (parsed(payload) ?? {}) as Fields;
    // node-resque's records have {} for no arguments.
    return typeof args === 'object' && args !== null ? JSON.stringify(args).replace(/^\{\}$/, '') : payload;
  }
}

interface Fields {
  readonly class?: unknown;
  readonly args?: unknown;
}

interface RailsJob {
  readonly job_class?: unknown;
  readonly arguments?: unknown;
}

function railsJob({ class: name, args }: Fields): RailsJob | undefined {
  if (name !== WRAPPER || !Array.isArray(args)) return undefined;
  const [first] = args as unknown[];
  return typeof first === 'object' && first !== null ? first : undefined;
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
