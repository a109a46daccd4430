/**
 * The keys by which Ruby producers keep a job from being enqueued twice, with the plugins resque-loner and resque-lock. Their
 * own workers free them; for the jobs of a class that says so (`releases`) we do the same. Must not know Redis.
 */
import { createHash } from 'node:crypto';
import { TsworkerError } from '../errors.js';
import type { DecodedPayload } from '../job.js';

/** loner: its key is freed before the job runs; resque-lock: after it, however it ended. */
export type RubyLock = 'loner' | 'resque-lock';

const KINDS: readonly string[] = ['loner', 'resque-lock'] satisfies RubyLock[];

/** @throws TsworkerError JOBS where it is no list of them */
export function checkReleases(value: unknown, where: string): readonly RubyLock[] | undefined {
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every((kind) => KINDS.includes(kind as string))) return value as RubyLock[];
  throw new TsworkerError('JOBS', `${where}: releases must be a list of 'loner' and 'resque-lock'`);
}

/** Deletes keys, by their names without the namespace. */
export type DeleteKeys = (names: readonly string[]) => Promise<unknown>;

/** Runs a job, and frees its keys before and after. Where Redis does not answer, the job runs even so. */
export async function withReleases(
  releases: readonly RubyLock[],
  { job, queue, deleteKeys }: { readonly job: DecodedPayload; readonly queue: string; readonly deleteKeys: DeleteKeys },
  run: () => unknown,
): Promise<unknown> {
  const free = async (names: readonly string[]) => {
    if (names.length > 0) await deleteKeys(names).catch(() => {});
  };
  if (releases.includes('loner')) await free([lonerKey(queue, job)]);
  try {
    return await run();
  } finally {
    if (releases.includes('resque-lock')) await free(resqueLockKeys(job));
  }
}

/** By the MD5 of class and arguments, in which a hash is a sorted list of pairs. */
export function lonerKey(queue: string, { class: name, args }: DecodedPayload): string {
  const text = json({ class: name, args: args.map((arg) => (isHash(arg) ? sortedPairs(arg) : arg)) });
  return `loners:queue:${queue}:job:${createHash('md5').update(text).digest('hex')}`;
}

function sortedPairs(hash: Readonly<Record<string, unknown>>): [string, unknown][] {
  return Object.entries(hash).sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** Exact integers of any size, as Ruby writes them. */
function json(value: unknown): string {
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return `[${value.map(json).join(',')}]`;
  if (!isHash(value)) return JSON.stringify(value);
  return `{${Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}:${json(item)}`)}}`;
}

/** Arguments as Ruby shows them; from Ruby 3.4 on with blanks around the arrow in a hash. */
export function resqueLockKeys({ class: name, args }: DecodedPayload): string[] {
  const keys = ['=>', ' => '].map((arrow) => `lock:${name}-${inspect(args, arrow)}`);
  return [...new Set(keys)];
}

function inspect(value: unknown, arrow: string): string {
  if (value === null) return 'nil';
  if (typeof value === 'string') return inspectText(value);
  if (Array.isArray(value)) return `[${value.map((item) => inspect(item, arrow)).join(', ')}]`;
  if (!isHash(value)) return String(value);
  const pairs = Object.entries(value).map(([key, item]) => `${inspectText(key)}${arrow}${inspect(item, arrow)}`);
  return `{${pairs.join(', ')}}`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  ...{ '"': '\\"', '\\': '\\\\', '\n': '\\n', '\t': '\\t', '\r': '\\r', '\f': '\\f', '\v': '\\v', '\b': '\\b' },
  ...{ '\u0007': '\\a', '\u001b': '\\e' },
};
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what Ruby escapes
const SPECIAL = /["\\\u0000-\u001f\u007f-\u009f]|#(?=[{$@])/g;

function inspectText(text: string): string {
  return `"${text.replace(SPECIAL, (char) => ESCAPES[char] ?? (char === '#' ? '\\#' : codeOf(char)))}"`;
}

function codeOf(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
}

function isHash(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
