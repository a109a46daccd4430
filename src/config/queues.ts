/**
 * Parses the queues into a plan: names, patterns, weights, order. Pure.
 * The text form is goworker's: `a,b,c` is strict order, any `=` makes it weighted, empty parts are skipped; and Ruby
 * Resque's patterns: `mail_*,!mail_slow`.
 */
import { TsworkerError } from '../errors.js';
import { isDynamic, isExclusion, isPattern, problemOfPattern } from '../queue-patterns.js';
import type { QueuePlan } from './settings.js';

/** `high=2,low=1`, or its parts as an array, or the weights by name. */
export type QueuesInput = string | readonly string[] | Readonly<Record<string, number>>;

interface Part {
  readonly name: string;
  readonly weight: number;
}

/** More than anyone needs, and small enough to keep an order by weight in memory. */
const MAX_WEIGHT = 1_000_000;

/** Parses the queues; adds a warning for unusual input. Throws USAGE for invalid input. */
export function parseQueues(input: QueuesInput): { plan: QueuePlan; warnings: string[] } {
  const { parts, weighted } = readParts(input);
  const weights = new Map<string, number>();
  for (const { name, weight } of parts) {
    checkName(name);
    weights.set(name, weighted ? checkSum(name, (weights.get(name) ?? 0) + weight) : 1);
  }
  const warnings = [...weights].flatMap(([name, weight]) => warningsFor(name, weight));
  const dynamic = isDynamic([...weights.keys()]);
  const queues = [...weights].flatMap(([name, weight]) => {
    if (weight > 0) return [{ name, weight }];
    // Another entry may match it.
    return dynamic && !isExclusion(name) ? [{ name: `!${name}`, weight: 1 }] : [];
  });
  if (queues.every(({ name }) => isExclusion(name))) throw noQueues(weights, warnings);
  return { plan: { queues, weighted, ...(dynamic ? { dynamic } : {}) }, warnings };
}

function noQueues(weights: ReadonlyMap<string, number>, warnings: readonly string[]): TsworkerError {
  if ([...weights.keys()].some(isExclusion))
    return new TsworkerError('USAGE', 'you must specify at least one queue: there are only exclusions', {
      hint: 'for all queues but these: -queues=*,!low',
    });
  const left = weights.size === 0 ? '' : `: ${warnings.join('; ')}`;
  return new TsworkerError('USAGE', `you must specify at least one queue${left}`, {
    hint: 'for example -queues=high=2,low=1, -queues=high,low for strict order, or -queues=* for all',
  });
}

function readParts(input: QueuesInput): { parts: Part[]; weighted: boolean } {
  if (typeof input !== 'string' && !Array.isArray(input)) {
    const parts = Object.entries(input).map(([name, weight]) => readEntry(name.trim(), weight));
    return { parts: parts.filter((part) => part.name !== ''), weighted: true };
  }
  // The parts of an array may themselves be lists, as in ['high=2,low', 'rare'].
  const text = typeof input === 'string' ? input : input.join(',');
  const parts = text.split(',').flatMap((part) => readPart(part) ?? []);
  return { parts, weighted: text.includes('=') };
}

/** One part of the text; undefined if it has no name: goworker skips those. */
function readPart(text: string): Part | undefined {
  const at = text.indexOf('=');
  const name = (at === -1 ? text : text.slice(0, at)).trim();
  if (name === '') return undefined;
  if (at === -1) return { name, weight: 1 };
  if (isExclusion(name))
    throw new TsworkerError('USAGE', `an exclusion has no weight: ${show(text.trim())}`, { hint: `write ${name}` });
  const digits = text.slice(at + 1).trim();
  return readEntry(name, /^[+-]?\d+$/.test(digits) ? Number(digits) : digits);
}

function readEntry(name: string, weight: unknown): Part {
  if (typeof weight === 'number' && Number.isInteger(weight) && weight >= 0 && weight <= MAX_WEIGHT) {
    return { name, weight };
  }
  if (typeof weight === 'number' && weight < 0)
    throw new TsworkerError('USAGE', `the weight must be 0 or more: queue ${show(name)} has ${weight}`, {
      hint: 'leave the queue out, or give it 0, where it should not be worked',
    });
  const given = typeof weight === 'object' ? 'an object' : typeof weight === 'string' ? show(weight) : String(weight);
  throw new TsworkerError('USAGE', `the weight must be a numeric value: queue ${show(name)} has ${given}`, {
    hint: `a weight is a whole number from 0 to ${MAX_WEIGHT}`,
  });
}

function checkSum(name: string, weight: number): number {
  return readEntry(name, weight).weight;
}

function checkName(name: string): void {
  const problem = isExclusion(name) || isPattern(name) || /[{}]/.test(name) ? problemOfPattern(name) : undefined;
  if (problem !== undefined) {
    throw new TsworkerError('USAGE', `the queue pattern ${show(name)} is invalid: ${problem}`, {
      hint: 'patterns are *, ?, [ab], [a-z], [!a]; ! in front excludes: -queues=critical,mail_*,!mail_slow',
    });
  }
  // Only a record can contain a comma here; in a worker id it would look like two queues.
  if (name.includes(',')) {
    throw new TsworkerError('USAGE', `the queue name ${show(name)} holds a comma, which separates queues`);
  }
}

function warningsFor(name: string, weight: number): string[] {
  const warnings: string[] = [];
  if (weight === 0) warnings.push(`queue ${show(name)} has weight 0 and is left out`);
  else if (name.includes(':')) {
    warnings.push(`queue ${show(name)} holds ":": goworker cannot prune workers that have it in their id`);
  }
  return warnings;
}

function show(name: string): string {
  return JSON.stringify(name);
}
