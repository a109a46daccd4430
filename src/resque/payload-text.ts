/**
 * Payloads from JSON text on the command line or in a file: the text is copied into the payload unchanged, so that 1.0
 * stays a float for Ruby, and no digit of a large integer is lost. Pure.
 */
import { isUtf8 } from 'node:buffer';
import { TsworkerError } from '../errors.js';
import { decodePayload, toPayload } from './codec.js';
import { type Member, membersOf } from './json-scan.js';
import { lockText, readLock } from './lock.js';
import { type NewLock, newLock, type UniquePolicy } from './unique.js';

/** A job that is ready to be pushed. */
export interface ReadyJob {
  readonly queue: string;
  readonly payload: string;
  /** The lock of a unique job, taken together with the push. */
  readonly lock?: NewLock | undefined;
}

/** An argument of the command line: JSON if it is valid JSON, else text. */
export function argText(word: string): string {
  const text = word.trim();
  const value = parsed(text);
  if (value === undefined) return JSON.stringify(word);
  refuseOdd(text, value, `the argument ${text.slice(0, 60)}`);
  return text;
}

export function payloadOf(className: string, args: readonly string[]): string {
  return `{"class":${JSON.stringify(className)},"args":[${args.join(',')}]}`;
}

/**
 * A job in one line of JSON: {"class":…,"args":[…],"queue":…}. Other members stay in the payload, as plugins write
 * them.
 * @param queue for a line without one
 * @throws TsworkerError PAYLOAD with the reason if it is invalid
 */
export function readJobLine(line: Buffer, queue: string | undefined): ReadyJob {
  if (!isUtf8(line)) throw refusal('it is not valid UTF-8');
  const text = line.toString();
  const value = parsed(text);
  if (value === undefined) throw refusal(`it is not JSON (${whyNot(text)})`);
  const { class: name } = toPayload(value, 'the job');
  if (name === '') throw refusal('its class is empty');
  refuseOdd(text, value, 'the job');
  const members = new Map((membersOf(line) ?? []).map((member) => [member.key, member]));
  const payload = payloadIn(line, members);
  const lock = readLock(Buffer.from(payload));
  const job = { queue: queueIn(value as Readonly<Record<string, unknown>>, queue), payload };
  return lock === undefined ? job : { ...job, lock: { ...lock, onConflict: 'keep', borne: true } };
}

/** Adds members to tsworker's own data in a payload: an object, or ''. */
function withOwn(payload: string, fields: string): string {
  if (fields === '') return payload;
  const bytes = Buffer.from(payload);
  const own = membersOf(bytes)?.findLast(({ key }) => key === 'tsworker');
  if (own === undefined) return `${payload.slice(0, -1)},"tsworker":{${fields}}}`;
  const known = bytes.toString('utf8', own.from, own.to).trim();
  // Anything but an object is replaced.
  const inside = known.startsWith('{') ? known.slice(1, -1).trim() : '';
  const object = `{${inside}${inside === '' ? '' : ','}${fields}}`;
  return bytes.toString('utf8', 0, own.from) + object + bytes.toString('utf8', own.to);
}

/** Makes a job unique, unless its payload already contains a lock. */
export function asUnique(job: ReadyJob, policy: UniquePolicy): ReadyJob {
  if (job.lock !== undefined) return job;
  const { class: name, args } = decodePayload(Buffer.from(job.payload), true);
  const lock = newLock(policy, name, args);
  const payload = lock.borne ? withOwn(job.payload, `"unique":${lockText(lock)}`) : job.payload;
  return { ...job, payload, lock };
}

/** Makes a job expire at this time, by Redis' clock. Milliseconds since the epoch; undefined: it does not expire. */
export function asExpiring(job: ReadyJob, expiresAt: number | undefined): ReadyJob {
  if (expiresAt === undefined) return job;
  return { ...job, payload: withOwn(job.payload, `"expires_at":${Math.ceil(expiresAt)}`) };
}

function queueIn(job: Readonly<Record<string, unknown>>, fallback: string | undefined): string {
  const queue = Object.hasOwn(job, 'queue') ? job.queue : fallback;
  if (typeof queue === 'string' && queue !== '') return queue;
  throw refusal(queue === undefined ? 'it names no queue, and -queue names none' : 'its queue must be a name');
}

/** Class and arguments first, as Ruby writes them. */
function payloadIn(line: Buffer, members: ReadonlyMap<string, Member>): string {
  const cut = ({ from, to }: Member) => line.toString('utf8', from, to);
  const args = members.get('args');
  const argsText = args === undefined ? 'null' : cut(args);
  const parts = [`"class":${cut(members.get('class') as Member)}`, `"args":${argsText === 'null' ? '[]' : argsText}`];
  for (const [key, member] of members)
    if (!['class', 'args', 'queue'].includes(key)) parts.push(`${JSON.stringify(key)}:${cut(member)}`);
  return `{${parts.join(',')}}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function whyNot(text: string): string {
  try {
    JSON.parse(text);
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const HALF = /\p{Surrogate}/u;
/** Only a text that contains one of these is checked further. */
const MAY_BE_ODD = /\\u[dD][89a-fA-F]|[eE]\+?\d{3}|\d{300}/;

/** What JSON.parse accepts and other languages do not: lone surrogates, numbers that overflow. */
function refuseOdd(text: string, value: unknown, what: string): void {
  if (!MAY_BE_ODD.test(text)) return;
  JSON.stringify(value, (key, item: unknown) => {
    if (HALF.test(key) || (typeof item === 'string' && HALF.test(item)))
      throw refusal(`${what} holds half a surrogate pair, which Ruby cannot read`);
    if (typeof item === 'number' && !Number.isFinite(item)) throw refusal(`${what} holds a number that is too large`);
    return item;
  });
}

function refusal(wrong: string): TsworkerError {
  return new TsworkerError('PAYLOAD', wrong);
}
