/**
 * Payloads from JSON text on the command line or in a file: the text is copied into the payload unchanged, so that 1.0
 * stays a float for Ruby, and no digit of a large integer is lost. Pure.
 */
import { isUtf8 } from 'node:buffer';
import { TsworkerError } from '../errors.js';
import { toPayload } from './codec.js';
import { type Member, membersOf } from './json-scan.js';

/** A job that is ready to be pushed. */
export interface ReadyJob {
  readonly queue: string;
  readonly payload: string;
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
 * A job in one line of JSON: {"class":…,"args":[…],"queue":…}. Other members stay in the payload, as plugins write them.
 * @param queue for a line that names none
 * @throws TsworkerError PAYLOAD that says what is wrong with it
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
  return { queue: queueIn(value as Readonly<Record<string, unknown>>, queue), payload: payloadIn(line, members) };
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
