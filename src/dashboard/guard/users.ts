/**
 * The people and scripts that may log in: a users file with a line for each, or one password. Passwords are kept as
 * scrypt hashes, tokens as SHA-256 (they are random). Reading and checking only; who may do what is roles.ts.
 */
import { createHash, randomBytes, type ScryptOptions, scrypt, scryptSync, timingSafeEqual } from 'node:crypto';
import { TsworkerError } from '../../errors.js';
import { isRole, ROLES, type Role, type User } from './roles.js';

interface Entry extends User {
  /** `$scrypt$…` or `sha256$…`. */
  readonly secret: string;
}

export interface Credentials {
  /** Nobody can log in. */
  readonly empty: boolean;
  /** Somebody logs in by a name; else by the password alone. */
  readonly named: boolean;
  /** Changes with every password: sessions are signed with a key that is made of it. */
  readonly material: string;
  find(name: string): User | undefined;
  /** Takes as long for a name that is not there. */
  login(name: string, password: string): Promise<User | undefined>;
  byToken(token: string): User | undefined;
}

/** Name of who knows the lone password. */
const LONE = 'admin';
const COST = { N: 32_768, r: 8, p: 1, maxmem: 128 * 1024 * 1024 } as const;
const MOST_PASSWORD = 1024;

/** @throws TsworkerError USAGE where a line is wrong */
export function credentials(password: string | undefined, usersFile: string | undefined): Credentials {
  const entries = usersFile === undefined ? [] : readUsers(usersFile);
  const people = entries.filter(({ secret }) => secret.startsWith('$scrypt$'));
  const tokens = entries.filter(({ secret }) => secret.startsWith('sha256$'));
  const lone = password === undefined ? undefined : sha256(password);
  const users: User[] = [...people, ...(lone === undefined ? [] : [{ name: LONE, role: 'admin' as const }])];
  return {
    empty: lone === undefined && entries.length === 0,
    named: people.length > 0,
    material: JSON.stringify([password === undefined ? null : stretched(password), entries]),
    find: (name) => pick(users.find((one) => one.name === name)),
    login: async (name, typed) => {
      if (typed.length > MOST_PASSWORD) return undefined;
      const entry = people.find((one) => one.name === name);
      // Where there are no names, none can be guessed.
      const isRight = people.length > 0 && (await verify(typed, entry?.secret ?? UNKNOWN));
      if (entry !== undefined) return isRight ? pick(entry) : undefined;
      const isLone = lone !== undefined && timingSafeEqual(sha256(typed), lone);
      return isLone && (name === '' || name === LONE) ? { name: LONE, role: 'admin' } : undefined;
    },
    byToken: (token) => {
      const hash = sha256(token);
      return pick(tokens.find(({ secret }) => timingSafeEqual(Buffer.from(secret.slice(7), 'hex'), hash)));
    },
  };
}

/** Once, at the start: who finds an old cookie must not be able to try passwords against its signature by the million. */
function stretched(password: string): string {
  return scryptSync(password.normalize('NFKC'), 'tsworker dashboard session', 32, COST).toString('hex');
}

function pick(user: User | undefined): User | undefined {
  return user && { name: user.name, role: user.role };
}

/** Nobody's, so that a name that is not there costs as much. */
const UNKNOWN = `$scrypt$${COST.N}$${COST.r}$${COST.p}$${'00'.repeat(16)}$${'00'.repeat(32)}`;
const SCRYPT = /^\$scrypt\$(\d+)\$(\d+)\$(\d+)\$([\da-f]{32,})\$([\da-f]{64})$/;
const NAME = /^[\w.@+-]{1,64}$/;

/** @throws TsworkerError USAGE */
function readUsers(text: string): Entry[] {
  const entries: Entry[] = [];
  text.split('\n').forEach((raw, i) => {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) return;
    const [name, role, secret = ''] = line.split(':');
    const wrong = problemOf(name, role, secret);
    // The line itself is not shown: it may hold a password that somebody wrote in plain.
    if (wrong !== undefined)
      throw new TsworkerError('USAGE', `the users file, line ${i + 1}: ${wrong}`, { hint: HINT });
    if (entries.some((one) => one.name === name))
      throw new TsworkerError('USAGE', `the users file, line ${i + 1}: ${name} is there twice`);
    entries.push({ name, role: role as Role, secret });
  });
  return entries;
}

const HINT = 'tsworker web user ada -role=operator makes a line, tsworker web token ci one for a script';

function problemOf(name: string, role: string | undefined, secret: string): string | undefined {
  if (!NAME.test(name)) return 'a name has letters, digits and . _ @ + - only';
  if (!isRole(role)) return `the role must be ${ROLES.join(', ')}`;
  if (/^sha256\$[\da-f]{64}$/.test(secret)) return undefined;
  const [, N, r, p] = SCRYPT.exec(secret) ?? [];
  if (N === undefined) return 'no password hash or token hash is behind the role';
  // Who can write the file owns the server; a mistake must not stop it.
  return Number(N) * Number(r) * Number(p) > 2 ** 21 ? 'the password hash costs too much memory' : undefined;
}

async function verify(password: string, secret: string): Promise<boolean> {
  const [, N, r, p, salt, hash] = SCRYPT.exec(secret) as RegExpExecArray;
  const options = { N: Number(N), r: Number(r), p: Number(p), maxmem: COST.maxmem * 4 };
  const made = await derive(password, Buffer.from(salt, 'hex'), options).catch(() => undefined);
  return made !== undefined && timingSafeEqual(made, Buffer.from(hash, 'hex'));
}

/** In the thread pool: the event loop goes on. */
function derive(password: string, salt: Buffer, options: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, 32, options, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}

/** A line for the users file. @throws TsworkerError USAGE */
export async function userLine(name: string, role: string, password: string): Promise<string> {
  checkName(name, role);
  if (password.length < 8 || password.length > MOST_PASSWORD)
    throw new TsworkerError('USAGE', `a password has 8 to ${MOST_PASSWORD} characters`);
  const salt = randomBytes(16);
  const key = await derive(password, salt, COST);
  return `${name}:${role}:$scrypt$${COST.N}$${COST.r}$${COST.p}$${salt.toString('hex')}$${key.toString('hex')}`;
}

/** A token, which is shown once, and its line for the users file. @throws TsworkerError USAGE */
export function tokenLine(name: string, role: string): { readonly token: string; readonly line: string } {
  checkName(name, role);
  const token = randomBytes(32).toString('base64url');
  return { token, line: `${name}:${role}:sha256$${sha256(token).toString('hex')}` };
}

function checkName(name: string, role: string): void {
  if (!NAME.test(name)) throw new TsworkerError('USAGE', 'a name has letters, digits and . _ @ + - only');
  if (!isRole(role))
    throw new TsworkerError('USAGE', `the role must be ${ROLES.join(', ')}, not ${JSON.stringify(role)}`);
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text.normalize('NFKC')).digest();
}
