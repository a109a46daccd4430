/** What the table of settings holds for each of them, as types. Must not know any setting. */

import type { Settings } from './settings.js';
import type { Kind } from './value-parsers.js';

export type SettingKey = keyof Settings;

/** Where `tsworker` runs: what the defaults are made from. */
export interface Surroundings {
  readonly cwd: string;
  /** Output goes to a terminal. */
  readonly terminal: boolean;
}

export interface Setting<T> {
  /** Without the dash. */
  readonly flag: string;
  /** The flag may be given more than once, and each counts. */
  readonly repeats?: true;
  readonly kind: Kind<Exclude<T, undefined>>;
  readonly group: 'Work' | 'Redis' | 'Process' | 'Logs';
  readonly help: string;
  /** The default as help shows it; empty: there is none. */
  readonly defaultText: string;
  /** Returns undefined where there is none. */
  fallback(at: Surroundings): T | undefined;
}

export type Table = { readonly [K in SettingKey]: Setting<Settings[K]> };

export const ENV_PREFIX = 'TSWORKER_';

/** The environment variable of a flag: `tls-cert` → `TSWORKER_TLS_CERT`. */
export function envName(flag: string): string {
  // A job module may name its flag in camelCase; a shell's variables are upper snake all the same.
  const snake = flag.replaceAll(/([a-z\d])([A-Z])/g, '$1_$2').replaceAll('-', '_');
  return `${ENV_PREFIX}${snake.toUpperCase()}`;
}
