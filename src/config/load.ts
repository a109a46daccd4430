/**
 * Merges flags, environment, configuration file and defaults into the settings, frozen, each with its origin. Does not
 * know what a setting means (settings-table.ts does), and prints nothing.
 */
import { TsworkerError } from '../errors.js';
import { readAddress, requireHashTag } from './address.js';
import type { UserConfig } from './define.js';
import { type ConfigFile, checkKey, readConfigFile } from './file.js';
import { ENV_PREFIX, envName, type SettingKey } from './setting-definition.js';
import type { Settings } from './settings.js';
import { CONFIG_FLAG, readSetting, SCHEMA, SETTING_KEYS } from './settings-table.js';
import { nearest } from './suggest.js';
import { uriFromEnv } from './uri.js';
import type { Reading } from './value-parsers.js';

export type Env = Readonly<Record<string, string | undefined>>;

/** The flags of the command line by name, without the dash; a flag that may be repeated has an array. */
export type FlagTexts = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface Sources {
  readonly flags: FlagTexts;
  readonly env: Env;
  readonly cwd: string;
  /** The output is a terminal; false if absent. */
  readonly terminal?: boolean;
  /**
   * Names of the flags that job modules define: their TSWORKER_* variables are known too. `unknown`: the modules are not loaded,
   * so any TSWORKER_* variable may be one of theirs.
   */
  readonly extraFlags?: readonly string[] | 'unknown';
  /** The configuration file, if the caller has read it already; `null`: there is none. */
  readonly file?: ConfigFile | null;
  /** false: settings without queues are allowed, and their plan is empty. */
  readonly queuesRequired?: boolean;
}

/** `-queues`, `TSWORKER_QUEUES`, `config/tsworker.config.ts`, `REDIS_URL`, `default`, `not set`, … */
export type Origins = Readonly<Record<SettingKey, string>>;

export interface Resolved {
  readonly settings: Settings;
  readonly origins: Origins;
  readonly warnings: readonly string[];
  /** The configuration file, if it has middleware or options of classes. */
  readonly configFile?: string | undefined;
}

/** A value before it is parsed, with the name of its source for messages and for the table of origins. */
interface Given {
  readonly value: unknown;
  readonly origin: string;
  readonly label?: string;
  readonly folder: string;
}

/** The settings of a worker. Reads the configuration file unless the caller passes it. */
export async function loadSettings(sources: Sources): Promise<Resolved> {
  const { flags, env, cwd } = sources;
  const file = sources.file === undefined ? await readFileFor(flags, env, cwd) : (sources.file ?? undefined);
  const warnings = warnOfUnknown(env, sources.extraFlags ?? []);
  const hint = 'give -queues=high=2,low=1, or TSWORKER_QUEUES, or queues in the configuration file';
  const resolved = settle((key) => findGiven(key, sources, file), sources, warnings, hint);
  return { ...resolved, configFile: file?.program };
}

/** Only the paths of the job modules: the command line cannot be parsed before their flags are known. */
export function findJobs(sources: Sources, file: ConfigFile | undefined): readonly string[] {
  const given = findGiven('jobs', sources, file);
  return readGiven('jobs', given, sources, () => {}) ?? [];
}

/** The configuration file that flags or environment name, or the one that is found. */
export async function readFileFor(flags: FlagTexts, env: Env, cwd: string): Promise<ConfigFile | undefined> {
  const flag = flags[CONFIG_FLAG.flag];
  const explicit = typeof flag === 'string' ? flag : env[envName(CONFIG_FLAG.flag)] || undefined;
  return await readConfigFile(cwd, explicit);
}

/** The environment variables of a program that uses the library: how to reach Redis depends on the deployment. */
const ENV_OF_PROGRAMS: readonly SettingKey[] = ['uri', 'enqueueTimeout'];

/** The settings of a program that uses the library: its own, those environment variables, defaults. */
export function resolveSettings(
  given: UserConfig,
  options: Partial<Pick<Sources, 'env' | 'cwd' | 'terminal' | 'queuesRequired'>> = {},
): Resolved {
  for (const key of Object.keys(given)) checkKey(key, 'in the settings');
  const at = { env: process.env, cwd: process.cwd(), ...options };
  const find = (key: SettingKey): Given | undefined => {
    if (given[key] !== undefined) return { value: given[key], origin: key, folder: at.cwd };
    return ENV_OF_PROGRAMS.includes(key) ? (fromEnv(key, at) ?? fromRedisEnv(key, at)) : undefined;
  };
  return settle(find, at, [], "give queues: 'high=2,low=1', ['high', 'low'] or { high: 2, low: 1 }");
}

/** Applies the order of precedence. */
function findGiven(key: SettingKey, sources: Sources, file: ConfigFile | undefined): Given | undefined {
  return fromFlag(key, sources) ?? fromEnv(key, sources) ?? fromRedisEnv(key, sources) ?? fromFile(key, file);
}

type At = Pick<Sources, 'env' | 'cwd' | 'terminal' | 'queuesRequired'>;

function settle(
  find: (key: SettingKey) => Given | undefined,
  at: At,
  warnings: string[],
  queuesHint: string,
): Resolved {
  const settings: { -readonly [K in SettingKey]?: Settings[K] } = {};
  const origins: Partial<Record<SettingKey, string>> = {};
  const warn = (text: string) => void warnings.push(text);
  const put = <K extends SettingKey>(key: K): void => {
    const given = find(key);
    settings[key] = readGiven(key, given, at, warn);
    origins[key] = given?.origin ?? (settings[key] === undefined ? 'not set' : 'default');
  };
  SETTING_KEYS.forEach(put);
  const { warning, origin } = uriFromEnv(at.env);
  if (warning !== undefined && origins.uri === origin) warn(warning);
  if (settings.skipTLSVerify) warn('the certificate of Redis is not verified (-insecure-tls)');
  settings.queues ??= withoutQueues(at.queuesRequired ?? true, queuesHint);
  if (settings.connections === undefined) {
    settings.connections = connectionsNeeded(settings as Settings);
    origins.connections = 'default';
  }
  checkTogether(settings as Settings);
  return Object.freeze({
    settings: Object.freeze(settings) as Settings,
    origins: Object.freeze(origins) as Origins,
    warnings: Object.freeze(warnings),
  });
}

function readGiven<K extends SettingKey>(
  key: K,
  given: Given | undefined,
  { cwd, terminal = false }: At,
  warn: Reading['warn'],
): Settings[K] | undefined {
  if (given === undefined) return SCHEMA[key].fallback({ cwd, terminal });
  return readSetting(key, given.value, given.label ?? given.origin, { folder: given.folder, warn });
}

function withoutQueues(required: boolean, hint: string): Settings['queues'] {
  if (!required) return Object.freeze({ queues: Object.freeze([]), weighted: false });
  throw new TsworkerError('USAGE', 'you must specify at least one queue', { hint });
}

/** Checks that concern several settings. */
function checkTogether(settings: Settings): void {
  const { heartbeat, pruneAfter, uri, namespace, tlsClientCertPath, tlsClientKeyPath } = settings;
  if (readAddress(uri).kind === 'cluster') requireHashTag(namespace);
  if ((tlsClientCertPath === undefined) !== (tlsClientKeyPath === undefined))
    throw new TsworkerError('USAGE', '-tls-client-cert and -tls-client-key need each other: one of them is missing');
  checkConnections(settings);
  if (pruneAfter > heartbeat) return;
  throw new TsworkerError('USAGE', `-prune-after (${pruneAfter} s) must be more than -heartbeat (${heartbeat} s)`, {
    hint: 'otherwise a living worker is taken for dead between two heartbeats',
  });
}

/** The default: one for each process and one for the supervisor. */
function connectionsNeeded({ processes }: Settings): number {
  return processes + 1;
}

/** How many connections may be opened temporarily beyond the necessary ones; Infinity without a limit. */
export function spareConnections({ settings, origins }: Resolved): number {
  return origins.connections === 'default' ? Infinity : settings.connections - connectionsNeeded(settings);
}

/** Enough for every process; or 1: everything runs in one process. */
function checkConnections(settings: Settings): void {
  const { connections, processes, concurrency } = settings;
  if (processes > concurrency)
    throw new TsworkerError('USAGE', `-processes (${processes}) must not be more than -concurrency (${concurrency})`);
  const needed = connectionsNeeded(settings);
  if (connections >= needed || (connections === 1 && processes === 1)) return;
  throw new TsworkerError('USAGE', `-connections (${connections}) is too low for ${processes} processes`, {
    hint: `give ${needed} or leave it out; 1 runs everything in one process, for which -processes must be 1`,
  });
}

function fromFlag(key: SettingKey, { flags, cwd }: Pick<Sources, 'flags' | 'cwd'>): Given | undefined {
  const { flag } = SCHEMA[key];
  const value = flags[flag];
  return value === undefined ? undefined : { value, origin: `-${flag}`, folder: cwd };
}

/** An empty variable counts as not set: most deployment tools cannot unset a variable. */
function fromEnv(key: SettingKey, { env, cwd }: Pick<Sources, 'env' | 'cwd'>): Given | undefined {
  const origin = envName(SCHEMA[key].flag);
  const value = env[origin];
  return value === undefined || value === '' ? undefined : { value, origin, folder: cwd };
}

/** These two take precedence over the file as well: the platform sets them, and the file is the developer's. */
function fromRedisEnv(key: SettingKey, { env, cwd }: Pick<Sources, 'env' | 'cwd'>): Given | undefined {
  if (key !== 'uri') return undefined;
  const { uri, origin } = uriFromEnv(env);
  return uri === undefined ? undefined : { value: uri, origin, folder: cwd };
}

function fromFile(key: SettingKey, file: ConfigFile | undefined): Given | undefined {
  const value = file?.values[key];
  if (file === undefined || value === undefined) return undefined;
  return { value, origin: file.name, label: `"${key}" in ${file.name}`, folder: file.folder };
}

function warnOfUnknown(env: Env, extraFlags: NonNullable<Sources['extraFlags']>): string[] {
  if (extraFlags === 'unknown') return [];
  const flags = [...SETTING_KEYS.map((key) => SCHEMA[key].flag), CONFIG_FLAG.flag, ...extraFlags];
  const known = new Set(flags.map(envName));
  // A common prefix must not make two of them look similar.
  const rest = (name: string) => name.slice(ENV_PREFIX.length);
  const unknown = Object.keys(env).filter((name) => name.startsWith(ENV_PREFIX) && !known.has(name));
  return unknown.map((name) => {
    const near = nearest(rest(name), [...known].map(rest));
    const guess = near === undefined ? '' : `; did you mean ${ENV_PREFIX}${near}?`;
    return `the environment variable ${name} is not one of tsworker's${guess}`;
  });
}
