/**
 * Recognizes tsworker's own messages on the channel between supervisor and child: a job, or a library made for another
 * process manager, may send anything there. Each child gets a secret with its start order, which every message carries
 * in both directions; then the version must be the same, and the shape valid.
 */
import { VERSION } from '../version.js';
import type { Order, Report } from './messages.js';

interface Envelope {
  /** The secret. */
  readonly tsworker: string;
  readonly version: string;
  readonly body: unknown;
}

/** A valid message, or the version of the sender if that is another one; undefined: not a message of tsworker. */
export type Opened<T> =
  | { readonly body: T; readonly secret: string }
  | { readonly otherVersion: string; readonly secret: string }
  | undefined;

export function seal(secret: string, body: Order | Report): Envelope {
  return { tsworker: secret, version: VERSION, body };
}

export function openReport(message: unknown, secret: string): Opened<Report> {
  return open<Report>(message, secret, REPORTS);
}

/** @param secret undefined before the start order, which brings it */
export function openOrder(message: unknown, secret: string | undefined): Opened<Order> {
  return open<Order>(message, secret, ORDERS);
}

function open<T>(message: unknown, secret: string | undefined, shapes: Shapes): Opened<T> {
  if (!isEnvelope(message) || (secret !== undefined && message.tsworker !== secret)) return undefined;
  if (message.version !== VERSION) return { otherVersion: message.version, secret: message.tsworker };
  return isShaped(message.body, shapes) ? { body: message.body as T, secret: message.tsworker } : undefined;
}

type Check = (value: unknown) => boolean;
type Shape = Readonly<Record<string, Check>>;
type Shapes = ReadonlyMap<unknown, Shape>;

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const isString = (value: unknown): value is string => typeof value === 'string';
const isFlag = (value: unknown): boolean => typeof value === 'boolean';
const isAmount = (value: unknown): boolean => Number.isFinite(value) && (value as number) >= 0;
const isOptionalString = (value: unknown): boolean => value === undefined || isString(value);
const isStringList = (value: unknown): boolean => Array.isArray(value) && value.every(isString);
const isExitCode = (value: unknown): boolean => value === 0 || value === 1;
const isCounts = (value: unknown): boolean =>
  isObject(value) && Array.isArray(value.jobs) && Array.isArray(value.waits) && isAmount(value.slots);

const ORDERS = shapes<Order['kind']>({
  start: { settings: isObject, flags: isObject, configFile: isOptionalString },
  registered: { identity: isObject },
  processes: { count: isAmount },
  stop: { reason: isString },
  retire: { reason: isString },
  abort: { reason: isString },
  pause: {},
  resume: {},
  report: {},
  cancel: { id: isString, slot: isAmount, token: isString, as: isString },
});

const REPORTS = shapes<Report['kind']>({
  ready: { classes: isStringList, tracking: isFlag, limitMs: isAmount },
  running: { token: isString, running: isFlag },
  pulse: { rssMb: isAmount, running: isAmount, more: isFlag },
  heard: { id: isString },
  counts: { counts: isCounts },
  ended: { exitCode: isExitCode, processed: isAmount, failed: isAmount, requeued: isAmount },
  refused: { code: isString, message: isString, hint: isOptionalString },
});

/** A map, since a `kind` that a message names might be an inherited property of an object. */
function shapes<K extends string>(table: Readonly<Record<K, Shape>>): Shapes {
  return new Map(Object.entries<Shape>(table));
}

function isEnvelope(message: unknown): message is Envelope {
  return isObject(message) && isString(message.tsworker) && isString(message.version);
}

function isShaped(body: unknown, shapes: Shapes): boolean {
  if (!isObject(body)) return false;
  const shape = shapes.get(body.kind);
  return shape !== undefined && Object.entries(shape).every(([field, check]) => check(body[field]));
}

/** The last report of a child whose supervisor has another version: the package was upgraded in place meanwhile. */
export function refuseVersion(supervisor: string, child: string): Extract<Report, { kind: 'refused' }> {
  return {
    kind: 'refused',
    code: 'STATE',
    message: `the package was replaced: a new child process is tsworker ${child}, its supervisor is ${supervisor}`,
    hint: 'restart tsworker to run the new version; the child processes that run go on',
  };
}
