/** The record of a claim, `worker:W`: reads those of tsworker and, if their worker died, of other programs. Pure. */
import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import * as globals from '../globals.js';
import type { Claim, RetryState } from '../job.js';
import { envelopeHead, parseRetryState } from './retry-state.js';
import { ownClass } from './wrapper.js';

/** The fields of a claim record, in the order in which the claim script writes them: the payload is last. */
export interface ClaimRecord {
  /** undefined in the records of Ruby, goworker and node-resque. */
  readonly token: string | undefined;
  readonly queue: string;
  /** When it was claimed, as the worker wrote it; '' if missing. */
  readonly runAt: string;
  /** The job's own class, for messages; '' if missing. */
  readonly class: string;
  /** The bytes that the producer pushed. */
  readonly payload: Buffer;
  /** The payload as the record shows it: a JSON object, which differs from `payload` if that is not strict JSON. */
  readonly shown: Buffer;
  readonly strict: boolean;
  /** It was claimed from a quarantine, and so ran alone in its process. */
  readonly quarantined: boolean;
  /** Set for a retry. */
  readonly retry: RetryState | undefined;
}

/** Precedes the slot number in the token of a claim from a quarantine. */
export const QUARANTINED = 'q';

/** The envelope of a retry, from the job's record. */
export function envelopeOf(record: Pick<ClaimRecord, 'queue' | 'payload' | 'strict'>, state: RetryState): Buffer {
  const shown = shownFields(record);
  return Buffer.concat([Buffer.from(envelopeHead(record.queue, state)), ...shown, Buffer.from('}')]);
}

/** A claim record as the claim script writes it: a strict payload unchanged, any other as text. */
export function claimRecord(claim: Omit<Claim, 'slot'>, runAt: string): Buffer {
  const { token, queue } = claim;
  const start = `{"token":${globals.JSON.stringify(token)},"queue":${globals.JSON.stringify(queue)},"run_at":${globals.JSON.stringify(runAt)},`;
  return Buffer.concat([Buffer.from(start), ...shownFields(claim), Buffer.from('}')]);
}

/** The last fields of a record. */
function shownFields({ payload, strict }: Pick<Claim, 'payload' | 'strict'>): Buffer[] {
  return strict ? [Buffer.from('"payload":'), payload] : [Buffer.from(asText(payload))];
}

/** A larger one as a text would be up to six times as large. */
const MOST_TEXT = 32 * 1024;
const MOST_SHOWN = 1000;

function asText(payload: Buffer): string {
  if (payload.length > MOST_TEXT) return asBase64(payload);
  const encoding = isUtf8(payload) ? 'utf8' : 'latin1';
  const args = globals.JSON.stringify([payload.toString(encoding)]);
  return `"payload_encoding":"${encoding}","payload":{"class":"InvalidPayload","args":${args}}`;
}

/** The bytes in a field of their own, and only their beginning as text. */
function asBase64(payload: Buffer): string {
  const start = payload
    .subarray(0, MOST_SHOWN)
    .toString('latin1')
    .replace(/[^\x20-\x7e]/g, '?');
  const args = JSON.stringify([`${start}… (${payload.length} bytes)`]);
  const bytes = `"payload_base64":"${payload.toString('base64')}"`;
  return `"payload_encoding":"base64",${bytes},"payload":{"class":"InvalidPayload","args":${args}}`;
}

/** The field of tsworker:suspects for the deaths of processes that ran this payload. */
export function suspectField(payload: Buffer): string {
  return createHash('sha1').update(payload).digest('hex');
}

/** Reads an envelope too. @returns undefined if it is invalid: not JSON, no payload */
export function parseRecord(record: Buffer): ClaimRecord | undefined {
  const shown = payloadIn(record);
  if (shown === undefined) return undefined;
  try {
    const fields: unknown = globals.JSON.parse(record.toString());
    if (typeof fields !== 'object' || fields === null) return undefined;
    const { token, queue, run_at, payload, retry } = fields as Record<string, unknown>;
    const job = (typeof payload === 'object' && payload !== null ? payload : {}) as { class?: unknown; args?: unknown };
    const bytes = encodedBytes(fields as Record<string, unknown>, job.args);
    return {
      token: typeof token === 'string' ? token : undefined,
      queue: typeof queue === 'string' ? queue : '',
      runAt: typeof run_at === 'string' ? run_at : '',
      class: ownClass(job),
      payload: bytes ?? shown,
      shown,
      strict: bytes === undefined,
      quarantined: typeof token === 'string' && token.split('-')[2]?.startsWith(QUARANTINED) === true,
      retry: parseRetryState(retry),
    };
  } catch {
    return undefined;
  }
}

/** The bytes of a payload that the record shows as a text; undefined: it is shown as it is. */
function encodedBytes(fields: Readonly<Record<string, unknown>>, args: unknown): Buffer | undefined {
  const { payload_encoding: encoding, payload_base64: base64 } = fields;
  if (encoding === 'base64' && typeof base64 === 'string') return Buffer.from(base64, 'base64');
  if (encoding === undefined || !Array.isArray(args)) return undefined;
  return Buffer.from(String(args[0]), encoding === 'latin1' ? 'latin1' : 'utf8');
}

const PAYLOAD = Buffer.from('"payload":');
const [QUOTE, BACKSLASH, OPEN_BRACE, OPEN_BRACKET, CLOSE_BRACE, CLOSE_BRACKET, COMMA] = Buffer.from('"\\{[}],');

/**
 * The exact bytes of the first value under "payload": inside of strings quotes are escaped, so it is the outermost. White
 * space around it is the producer's, which is why members.ts does not serve here.
 */
function payloadIn(record: Buffer): Buffer | undefined {
  const at = record.indexOf(PAYLOAD);
  if (at < 0) return undefined;
  const start = at + PAYLOAD.length;
  let depth = 0;
  let inString = false;
  for (let i = start; i < record.length; i++) {
    const byte = record[i];
    if (inString) {
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
    else if (depth === 0 && (byte === COMMA || byte === CLOSE_BRACE)) return record.subarray(start, i);
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--;
  }
  return undefined;
}
