/**
 * The settings of `tsworker web`: flags, TSWORKER_* variables and the key `web` of the configuration file, in this order.
 * The password comes from a variable or a file alone: everybody on the machine sees what is typed on a command line.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { TsworkerError } from '../errors.js';
import { envName } from './setting-definition.js';
import { nearest } from './suggest.js';
import { boolean, choice, integer, type Kind, text } from './value-parsers.js';

export const BADGE_COLORS = ['red', 'orange', 'green', 'blue', 'purple', 'gray'] as const;
export type BadgeColor = (typeof BADGE_COLORS)[number];

type Env = Readonly<Record<string, string | undefined>>;

/** What of a configuration file is read here. */
interface ConfigFile {
  readonly name: string;
  readonly folder: string;
  readonly values: object;
}

/** The key `web` of a configuration file. */
export interface WebConfig {
  /** Default `$PORT`, else 5678. */
  readonly port?: number;
  /** Where it listens; other than the loopback it needs a password or a users file. Default 127.0.0.1. */
  readonly host?: string;
  /** A file with a line for each user, as `tsworker web user` makes them. Relative to the project: see `jobs`. */
  readonly users?: string;
  /** A file with one password, for everybody. Relative to the project: see `jobs`. */
  readonly passwordFile?: string;
  /** Nobody may change anything. Default false. */
  readonly readOnly?: boolean;
  /** The address that browsers show, where a proxy has another one: `https://example.org/jobs/`. */
  readonly baseUrl?: string;
  /** Other names by which it may be called: `jobs.example.org`. */
  readonly hosts?: string | readonly string[];
  /** A proxy before it sets X-Forwarded-For and X-Forwarded-Proto, and is the only way in. Default false. */
  readonly trustProxy?: boolean;
  /** What stands in its corner: which environment this is. Default `tsworker`. */
  readonly title?: string;
  /** Of the badge with the title. */
  readonly color?: BadgeColor;
  /** What is masked beside passwords, tokens, keys and the like. */
  readonly redact?: {
    /** Names of values: what contains one of these, whatever its case. */
    readonly keys?: readonly string[];
    /** Positions of arguments by class, from 0: `{ 'Users::Reset': [1] }`. */
    readonly args?: Readonly<Record<string, readonly number[]>>;
  };
  /** Links beside a failure: `{ name: 'Sentry', href: 'https://sentry.example.org/?query={class}' }`; also `{queue}`, `{worker}`. */
  readonly links?: readonly { readonly name: string; readonly href: string }[];
  /** Sites that may show it in a frame. Default none. */
  readonly frameAncestors?: readonly string[];
}

export interface WebSettings {
  readonly port: number;
  readonly host: string;
  readonly password: string | undefined;
  /** Content of the users file. */
  readonly users: string | undefined;
  readonly readOnly: boolean;
  readonly baseUrl: URL | undefined;
  readonly hosts: readonly string[];
  readonly trustProxy: boolean;
  readonly title: string;
  readonly color: BadgeColor | undefined;
  readonly redact: NonNullable<WebConfig['redact']>;
  readonly links: NonNullable<WebConfig['links']>;
  readonly frameAncestors: readonly string[];
}

const line = (placeholder: string) => text(placeholder, (value) => void refuseControls(value));

function refuseControls(value: string): void {
  if (/[\p{Cc}]/u.test(value)) throw new TsworkerError('USAGE', 'must be one line of plain text');
}

const url: Kind<URL> = {
  placeholder: 'url',
  parse(value) {
    const parsed = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
    if (parsed === undefined || !/^https?:$/.test(parsed.protocol) || parsed.search !== '' || parsed.username !== '')
      throw new TsworkerError(
        'USAGE',
        `must be an address such as https://example.org/jobs/, not ${JSON.stringify(value)}`,
      );
    return parsed;
  },
};

const names: Kind<readonly string[]> = {
  placeholder: 'names',
  parse(value) {
    const all = typeof value === 'string' ? value.split(',').map((name) => name.trim()) : value;
    const isName = (one: unknown) => typeof one === 'string' && /^[^\s/,@]+$/.test(one);
    if (!Array.isArray(all) || !all.every(isName))
      throw new TsworkerError('USAGE', `must be names such as jobs.example.org,10.0.0.5, not ${JSON.stringify(value)}`);
    return all as string[];
  },
};

/** Those with a flag; the flag of `hosts` is -web-hosts, its variable TSWORKER_WEB_HOSTS. */
export const WEB_FLAGS = {
  port: {
    flag: 'port',
    kind: integer({ min: 0, max: 65_535 }),
    help: 'where it listens; 0 takes a free one',
    defaultText: '$PORT, else 5678',
  },
  host: {
    flag: 'host',
    kind: line('address'),
    help: 'the address where it listens; any but the loopback needs a password or users',
    defaultText: '127.0.0.1',
  },
  users: {
    flag: 'web-users',
    kind: line('file'),
    help: 'a file with a line for each user: tsworker web user makes them',
  },
  passwordFile: {
    flag: 'web-password-file',
    kind: line('file'),
    help: 'a file with one password for everybody; $TSWORKER_WEB_PASSWORD has it too',
  },
  readOnly: { flag: 'read-only', kind: boolean, help: 'nobody may change anything' },
  baseUrl: { flag: 'base-url', kind: url, help: 'the address that browsers show, where a proxy has another one' },
  hosts: { flag: 'web-hosts', kind: names, help: 'other names by which it may be called' },
  trustProxy: {
    flag: 'web-trust-proxy',
    kind: boolean,
    help: 'a proxy sets X-Forwarded-For and -Proto, and is the only way in',
  },
  title: {
    flag: 'title',
    kind: line('text'),
    help: 'what stands in its corner: which environment this is',
    defaultText: 'tsworker',
  },
  color: {
    flag: 'color',
    kind: choice(...BADGE_COLORS),
    help: 'colour of the badge with the title: red, orange, green, blue, purple, gray',
  },
} as const satisfies Readonly<
  Record<string, { flag: string; kind: Kind<unknown>; help: string; defaultText?: string }>
>;

type FlagKey = keyof typeof WEB_FLAGS;
const KEYS: readonly string[] = [...Object.keys(WEB_FLAGS), 'redact', 'links', 'frameAncestors'];

/**
 * @param flags the values of the flags, by their names
 * @throws TsworkerError USAGE
 */
export function readWebSettings(
  flags: Readonly<Record<string, unknown>>,
  env: Env,
  cwd: string,
  file: ConfigFile | undefined,
): WebSettings {
  const config = fileValues(file);
  const where = { cwd, folder: file?.folder ?? cwd };
  const value = <K extends FlagKey>(key: K) => read(key, flags, env, config, where);
  const users = value('users');
  return {
    port: value('port') ?? portOf(env) ?? 5678,
    host: (value('host') ?? '127.0.0.1').replace(/^\[|\]$/g, ''),
    password: passwordOf(env, value('passwordFile')),
    users: users === undefined ? undefined : contentOf(users, 'the users file'),
    readOnly: value('readOnly') ?? false,
    baseUrl: value('baseUrl'),
    hosts: value('hosts') ?? [],
    trustProxy: value('trustProxy') ?? false,
    title: value('title') ?? 'tsworker',
    color: value('color'),
    ...checkLooks(config, 'web.'),
  };
}

/**
 * What a program that mounts the dashboard says as well.
 * @param prefix of the names in an error
 * @throws TsworkerError USAGE
 */
export function checkLooks(
  { redact, links, frameAncestors }: { readonly [key in 'redact' | 'links' | 'frameAncestors']?: unknown },
  prefix: string,
): Pick<WebSettings, 'redact' | 'links' | 'frameAncestors'> {
  return {
    redact: checkRedact(redact, prefix),
    links: checkLinks(links, prefix),
    frameAncestors: checkAncestors(frameAncestors, prefix),
  };
}

interface Where {
  readonly cwd: string;
  /** Of the project: paths in the file begin there. */
  readonly folder: string;
}

function read<K extends FlagKey>(
  key: K,
  flags: Readonly<Record<string, unknown>>,
  env: Env,
  config: Readonly<Record<string, unknown>>,
  { cwd, folder }: Where,
) {
  type Value = ReturnType<(typeof WEB_FLAGS)[K]['kind']['parse']>;
  const { flag, kind } = WEB_FLAGS[key];
  const isFile = kind.placeholder === 'file';
  const parse = (label: string, value: unknown, base: string): Value => {
    try {
      const parsed = kind.parse(value, { folder: base, warn: () => {} });
      return (isFile ? resolve(base, String(parsed)) : parsed) as Value;
    } catch (error) {
      if (!(error instanceof TsworkerError)) throw error;
      throw new TsworkerError('USAGE', `${label}: ${error.message}`);
    }
  };
  // Flags are read already.
  if (flags[flag] !== undefined) return (isFile ? resolve(cwd, String(flags[flag])) : flags[flag]) as Value;
  const text = env[envName(flag)];
  if (text) return parse(envName(flag), text, cwd);
  return config[key] === undefined ? undefined : parse(`web.${key}`, config[key], folder);
}

function fileValues(file: ConfigFile | undefined): Readonly<Record<string, unknown>> {
  const web: unknown = (file?.values as Readonly<Record<string, unknown>> | undefined)?.web;
  if (web === undefined) return {};
  if (typeof web !== 'object' || web === null || Array.isArray(web))
    throw new TsworkerError('USAGE', `web in ${file?.name} must be an object`);
  for (const key of Object.keys(web)) {
    if (KEYS.includes(key)) continue;
    const near = nearest(key, KEYS);
    throw new TsworkerError(
      'USAGE',
      `unknown key "web.${key}" in ${file?.name}`,
      near === undefined ? {} : { hint: `did you mean web.${near}?` },
    );
  }
  return web as Readonly<Record<string, unknown>>;
}

function portOf(env: Env): number | undefined {
  return env.PORT && /^\d{1,5}$/.test(env.PORT) ? Number(env.PORT) : undefined;
}

function passwordOf(env: Env, file: string | undefined): string | undefined {
  const password =
    env[PASSWORD_ENV] || (file === undefined ? undefined : contentOf(file, 'the password file').replace(/\r?\n$/, ''));
  if (password === undefined) return undefined;
  if (password.length < 8) throw new TsworkerError('USAGE', 'the password of the dashboard has 8 characters or more');
  return password;
}

export const PASSWORD_ENV = 'TSWORKER_WEB_PASSWORD';

function contentOf(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new TsworkerError('USAGE', `${what} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

function checkRedact(value: unknown, prefix: string): WebSettings['redact'] {
  if (value === undefined) return {};
  const { keys = [], args = {} } = (value ?? {}) as { keys?: unknown; args?: unknown };
  const isPositions = (one: unknown) => Array.isArray(one) && one.every((at) => Number.isInteger(at) && at >= 0);
  if (!Array.isArray(keys) || !keys.every((key) => typeof key === 'string' && key !== ''))
    throw new TsworkerError('USAGE', `${prefix}redact.keys must be a list of names`);
  if (typeof args !== 'object' || args === null || !Object.values(args).every(isPositions))
    throw new TsworkerError(
      'USAGE',
      `${prefix}redact.args must be positions by class, such as { 'Users::Reset': [1] }`,
    );
  return { keys: keys as string[], args: args as Record<string, number[]> };
}

function checkLinks(value: unknown, prefix: string): WebSettings['links'] {
  if (value === undefined) return [];
  const isLink = (one: unknown) => {
    const { name, href } = (one ?? {}) as { name?: unknown; href?: unknown };
    // What is put in stands behind the host: a job must not choose where a link leads.
    return typeof name === 'string' && typeof href === 'string' && /^https:\/\/[^{}/?#\s]+([/?#]\S*)?$/.test(href);
  };
  if (!Array.isArray(value) || !value.every(isLink))
    throw new TsworkerError(
      'USAGE',
      `${prefix}links must be a list such as [{ name: 'Sentry', href: 'https://…/?query={class}' }]`,
    );
  return value as WebSettings['links'];
}

function checkAncestors(value: unknown, prefix: string): readonly string[] {
  if (value === undefined) return [];
  const isSource = (one: unknown) =>
    one === "'self'" || (typeof one === 'string' && /^https?:\/\/[\w.*:-]+$/.test(one));
  if (!Array.isArray(value) || !value.every(isSource))
    throw new TsworkerError(
      'USAGE',
      `${prefix}frameAncestors must be a list of sites such as 'https://admin.example.org'`,
    );
  return value as string[];
}
