/** The types of an entry in the table of settings. */

import type { Settings } from './settings.js';
import type { Kind } from './value-parsers.js';

export type SettingKey = keyof Settings;

/** The environment of the process, from which defaults are computed. */
export interface Surroundings {
  readonly cwd: string;
  /** The output is a terminal. */
  readonly terminal: boolean;
}

export interface Setting<T> {
  /** Without the dash. */
  readonly flag: string;
  /** The flag may be repeated, and all values count. */
  readonly repeats?: true;
  readonly kind: Kind<Exclude<T, undefined>>;
  readonly group: 'Work' | 'Redis' | 'Process' | 'Logs';
  readonly help: string;
  /** The default as shown in the help; empty: there is none. */
  readonly defaultText: string;
  /** Returns undefined if there is none. */
  fallback(at: Surroundings): T | undefined;
}

export type Table = { readonly [K in SettingKey]: Setting<Settings[K]> };

export const ENV_PREFIX = 'TSWORKER_';

/** The environment variable of a flag: `tls-cert` → `TSWORKER_TLS_CERT`. */
export function envName(flag: string): string {
  // A job module may have a flag in camelCase; its variable is in upper snake case nevertheless.
  const snake = flag.replaceAll(/([a-z\d])([A-Z])/g, '$1_$2').replaceAll('-', '_');
  return `${ENV_PREFIX}${snake.toUpperCase()}`;
}
