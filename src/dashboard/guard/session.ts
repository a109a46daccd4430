/**
 * A login as a signed cookie: nothing is kept on the server, so replicas agree and a restart forgets nobody. The key is made
 * of the credentials: a new password ends all sessions.
 */
import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { User } from './roles.js';
import type { Credentials } from './users.js';

const IDLE_MS = 12 * 3_600_000;
const LONGEST_MS = 7 * 24 * 3_600_000;
/** A cookie that is older is made anew, so that who works is not logged out. */
const RENEW_MS = 5 * 60_000;

export interface Login {
  readonly user: User;
  /** A cookie value with a later time; undefined: the one that was sent is fresh enough. */
  readonly renewed: string | undefined;
}

export class Sessions {
  /** Of one Redis and namespace: two dashboards on one host do not log each other out. */
  readonly cookie: string;
  readonly #key: Buffer;
  readonly #credentials: Credentials;

  /** @param place uri and namespace */
  constructor(credentials: Credentials, place: string) {
    this.cookie = `tsworker_${createHash('sha256').update(place).digest('hex').slice(0, 6)}`;
    this.#credentials = credentials;
    this.#key = Buffer.from(hkdfSync('sha256', credentials.material, '', `tsworker dashboard session ${place}`, 32));
  }

  begin(user: User, now: number): string {
    return this.#signed(user.name, now, now);
  }

  /** The role is looked up, and not taken from the cookie. A changed users file counts from the next start. */
  read(value: string | undefined, now: number): Login | undefined {
    const [name, begun, seen, signature] = (value ?? '').split('~');
    if (signature === undefined || !equal(signature, this.#signature(`${name}~${begun}~${seen}`))) return undefined;
    const [from, last] = [Number(begun), Number(seen)];
    if (now - last > IDLE_MS || now - from > LONGEST_MS || last > now + RENEW_MS) return undefined;
    const user = this.#credentials.find(name);
    return user && { user, renewed: now - last > RENEW_MS ? this.#signed(name, from, now) : undefined };
  }

  #signed(name: string, begun: number, seen: number): string {
    const text = `${name}~${begun}~${seen}`;
    return `${text}~${this.#signature(text)}`;
  }

  #signature(text: string): string {
    return createHmac('sha256', this.#key).update(text).digest('base64url');
  }
}

function equal(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}
