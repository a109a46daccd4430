/**
 * Parsers for the values of settings. Each accepts text (flags, environment) and typed values (configuration file,
 * library), and its error says which values are valid. Does not know the setting, nor the source of the value.
 */

import { accessSync, constants, type Stats, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { relative, resolve } from 'node:path';
import { TsworkerError } from '../errors.js';
import { readHttp, showHttp } from './http.js';
import { parseQueues, type QueuesInput } from './queues.js';
import type { QueuePlan, ScheduleSource } from './settings.js';
import { checkUri } from './uri.js';

export interface Reading {
  /** Relative paths are relative to this folder. */
  readonly folder: string;
  /** Names where the value came from, for errors that are found later. */
  readonly origin?: string;
  /** Called for unusual but valid values. */
  warn(text: string): void;
}

export type NameKind = 'queue' | 'class' | 'worker';

export interface Kind<T> {
  /** The name of the value in the help, as in `-interval <seconds>`; empty for booleans. */
  readonly placeholder: string;
  /** All valid values, if there is a list; for shell completion. */
  readonly choices?: readonly string[];
  /** The values are names of these in Redis; for shell completion. */
  readonly names?: NameKind;
  parse(value: unknown, reading: Reading): T;
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** A finite decimal number; undefined for hex, NaN or empty text. */
export function readNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && DECIMAL.test(value.trim()) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/** A boolean as Go spells it; undefined otherwise. */
export function readBoolean(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return undefined;
  if (/^(1|t|T|true|TRUE|True)$/.test(value)) return true;
  return /^(0|f|F|false|FALSE|False)$/.test(value) ? false : undefined;
}

export interface Range {
  readonly min: number;
  /** The minimum itself is not allowed. */
  readonly above?: boolean;
  readonly max: number;
}

/** Seconds, fractions allowed, or a duration as in Go: `500ms`, `20s`, `1h30m`. */
export function seconds(range: Range): Kind<number> {
  const bounds = range.above ? `more than ${range.min}` : `${range.min} or more`;
  const takes = `must be a number of seconds, ${bounds}, or a duration such as 500ms, 20s, 5m or 1h30m`;
  return {
    placeholder: 'seconds',
    parse(value) {
      const number = readSeconds(value);
      return inRange(
        number,
        range,
        refuse(takes, value, number !== undefined && number > range.max ? range.max : undefined),
      );
    },
  };
}

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
const DURATION = /^(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ms|s|m|h))+$/;

function readSeconds(value: unknown): number | undefined {
  if (typeof value !== 'string' || !DURATION.test(value.trim())) return readNumber(value);
  const parts = value.matchAll(/([\d.]+)(ms|s|m|h)/g);
  const ms = [...parts].reduce((sum, [, size, unit]) => sum + Number(size) * UNIT_MS[unit as keyof typeof UNIT_MS], 0);
  return ms / 1000;
}

/** A whole number. */
export function integer(range: Range): Kind<number> {
  const bounds = range.max === Number.MAX_SAFE_INTEGER ? `${range.min} or more` : `${range.min} to ${range.max}`;
  return {
    placeholder: 'n',
    parse(value) {
      const number = inRange(readNumber(value), range, refuse(`must be a whole number, ${bounds}`, value));
      if (!Number.isInteger(number)) throw refuse(`must be a whole number, ${bounds}`, value);
      return number;
    },
  };
}

/** A number of processes, or `auto`. */
export const processes: Kind<number> = {
  placeholder: 'n|auto',
  parse(value, reading) {
    if (value === 'auto') return availableParallelism();
    try {
      return integer({ min: 1, max: 1000 }).parse(value, reading);
    } catch {
      throw refuse('must be a whole number, 1 to 1000, or auto', value);
    }
  },
};

function inRange(number: number | undefined, range: Range, refusal: TsworkerError): number {
  if (number === undefined || number < range.min || number > range.max) throw refusal;
  if (range.above && number === range.min) throw refusal;
  return number;
}

export const boolean: Kind<boolean> = {
  placeholder: '',
  choices: ['true', 'false'],
  parse(value) {
    const read = readBoolean(value);
    if (read === undefined) throw refuse('must be true or false (or 1, 0, t, f)', value);
    return read;
  },
};

/** Text, with a check that throws or warns. */
export function text(placeholder: string, check: (value: string, reading: Reading) => void): Kind<string> {
  return {
    placeholder,
    parse(value, reading) {
      if (typeof value !== 'string') throw refuse('must be text', value);
      check(value, reading);
      return value;
    },
  };
}

export function choice<const T extends string>(...choices: readonly T[]): Kind<T> {
  return {
    placeholder: choices.length > 3 ? 'level' : choices.join('|'),
    choices,
    parse(value) {
      const found = choices.find((one) => one === value);
      if (found === undefined) throw refuse(`must be one of ${choices.join(', ')}`, value);
      return found;
    },
  };
}

/** A readable file, as an absolute path. */
export const file: Kind<string> = readable((stats) => stats.isFile());

/** A readable file, or a pipe such as a shell's `<(zcat x)`. */
export const stream: Kind<string> = readable((stats) => !stats.isDirectory());

function readable(isRight: (stats: Stats) => boolean): Kind<string> {
  return {
    placeholder: 'file',
    parse(value, { folder }) {
      if (typeof value !== 'string' || value === '') throw refuse('must be the path of a file', value);
      const path = resolve(folder, value);
      const reason = whyUnreadable(path, isRight);
      if (reason === undefined) return path;
      throw new TsworkerError('USAGE', `must be a file that can be read: ${path} ${reason}`);
    },
  };
}

function whyUnreadable(path: string, isRight: (stats: Stats) => boolean): string | undefined {
  try {
    accessSync(path, constants.R_OK);
    return isRight(statSync(path)) ? undefined : 'is not a file';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : 'may not be read';
  }
}

/** Paths, made absolute: an array with one path each, or text with commas between them. */
export const paths: Kind<readonly string[]> = {
  placeholder: 'path',
  parse(value, { folder }) {
    const list: unknown = typeof value === 'string' ? value.split(',').map((path) => path.trim()) : value;
    const ok = Array.isArray(list) && list.length > 0 && list.every((path) => typeof path === 'string' && path !== '');
    if (!ok) throw refuse('must be the path of a directory or file, or several', value);
    return Object.freeze([...new Set((list as string[]).map((path) => resolve(folder, path)))]);
  },
};

export const queues: Kind<QueuePlan> = {
  placeholder: 'list',
  names: 'queue',
  parse(value, { warn }) {
    if (!isQueuesInput(value)) throw refuse('must be a list such as high=2,low=1, an array, or weights by name', value);
    const { plan, warnings } = parseQueues(value);
    warnings.forEach(warn);
    return Object.freeze({ ...plan, queues: Object.freeze(plan.queues.map((queue) => Object.freeze(queue))) });
  },
};

function isQueuesInput(value: unknown): value is QueuesInput {
  if (typeof value === 'string') return true;
  if (Array.isArray(value)) return value.every((part) => typeof part === 'string');
  return typeof value === 'object' && value !== null;
}

/** The path of a schedule file of resque-scheduler, or entries by name. What they say is checked where they are used. */
export const schedule: Kind<ScheduleSource> = {
  placeholder: 'file',
  parse(value, reading) {
    if (typeof value === 'string') {
      const path = file.parse(value, reading);
      return Object.freeze({ path, name: relative(reading.folder, path) || path });
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw refuse('must be the path of a schedule file (YAML), or an object of entries by name', value);
    return Object.freeze({ entries: plainCopy(value), origin: reading.origin ?? 'schedule' });
  },
};

/** It goes to child processes, and into Redis. */
function plainCopy(value: object): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(JSON.stringify(value)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new TsworkerError('USAGE', `must be what JSON can carry: ${reason}`);
  }
}

export const uri: Kind<string> = {
  placeholder: 'uri',
  parse(value, { warn }) {
    if (typeof value !== 'string') throw new TsworkerError('USAGE', 'must be text such as redis://localhost:6379/');
    return checkUri(value, warn);
  },
};

/** The address of a server, as `host:port`. */
export const address: Kind<string> = {
  placeholder: 'address',
  parse: (value) => showHttp(readHttp(value)),
};

/** @param most the largest valid value */
function refuse(takes: string, value: unknown, most?: number): TsworkerError {
  return new TsworkerError('USAGE', `${takes}${most === undefined ? '' : `; at most ${most}`}, not ${show(value)}`);
}

function show(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
