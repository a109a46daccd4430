/** Who asks: by the loopback, by a token, by a session, or by what the program says that mounts us. Knows no page. */
import type { Client } from '../client.js';
import type { Access, Authorize, DashboardOptions } from '../options.js';
import { isRole, limited, type User } from './roles.js';
import { Sessions } from './session.js';

/** Who works on the machine itself, without a login. */
const LOCAL: User = { name: 'local', role: 'admin' };
const OPEN: User = { name: 'anybody', role: 'admin' };

export class Identity {
  readonly #access: Access;
  readonly #readOnly: boolean;
  /** undefined where nobody logs in here. */
  readonly sessions: Sessions | undefined;

  constructor({ access, readOnly, uri, namespace }: DashboardOptions) {
    this.#access = access;
    this.#readOnly = readOnly;
    this.sessions = access.kind === 'login' ? new Sessions(access.credentials, `${uri} ${namespace}`) : undefined;
  }

  /** @returns a user, a response of the program that mounts us, or undefined: nobody is logged in */
  async of(client: Client): Promise<User | Response | undefined> {
    const found = await this.#find(client);
    return found === undefined || found instanceof Response ? found : limited(found, this.#readOnly);
  }

  async #find(client: Client): Promise<User | Response | undefined> {
    const access = this.#access;
    if (access.kind === 'local') return LOCAL;
    if (access.kind === 'mounted') return access.authorize === 'open' ? OPEN : await asked(access.authorize, client);
    const [, token] = /^Bearer +(\S+)$/i.exec(client.header('authorization') ?? '') ?? [];
    if (token !== undefined) return access.credentials.byToken(token);
    return this.#bySession(client);
  }

  #bySession(client: Client): User | undefined {
    const { sessions } = this;
    const login = sessions?.read(client.cookie(sessions.cookie), Date.now());
    if (login?.renewed !== undefined) client.cookies.push(this.cookieText(client, login.renewed));
    return login?.user;
  }

  /** Without a path: the browser then sends it to wherever the dashboard is mounted. An empty value ends the session. */
  cookieText({ isSecure }: Client, value: string): string {
    const end = value === '' ? '; Max-Age=0' : '';
    return `${this.sessions?.cookie}=${value}; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}${end}`;
  }
}

/** @throws Error whatever the program throws: what that says is for the log alone */
async function asked(authorize: Authorize, { request }: Client): Promise<User | Response | undefined> {
  try {
    return checked(await authorize(request));
  } catch (cause) {
    throw new Error('authorize has failed', { cause });
  }
}

/** A program may be wrong about what it returns: an unknown role may do nothing. */
function checked(given: unknown): User | Response | undefined {
  // A response that was made by Response.redirect does not let its headers be changed.
  if (given instanceof Response) return new Response(given.body, given);
  if (typeof given !== 'object' || given === null) return undefined;
  const { name, role } = given as Partial<User>;
  return typeof name === 'string' && isRole(role) ? { name, role } : undefined;
}
