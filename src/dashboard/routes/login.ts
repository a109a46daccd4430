/** Logging in and out. The only pages that are shown to somebody who is not logged in. */

import { writeAudit } from '../actions/audit.js';
import type { Client } from '../client.js';
import { Attempts } from '../guard/attempts.js';
import type { Identity } from '../guard/identity.js';
import { document } from '../respond.js';
import { LoginPage } from '../views/login.js';
import { type Dashboard, HttpError, link } from './page.js';

export const LOGIN = 'login';
/** A page and its query as a browser writes them, and nothing that could lead elsewhere or that a header cannot hold. */
const OWN_ADDRESS = /^[a-z]*(\?[!-~]*)?$/;

export class Login {
  readonly #attempts = new Attempts();
  readonly #dashboard: Dashboard;
  readonly #identity: Identity;

  constructor(dashboard: Dashboard, identity: Identity) {
    this.#dashboard = dashboard;
    this.#identity = identity;
  }

  /** For a request of nobody. */
  async answer(client: Client): Promise<Response> {
    if (this.#identity.sessions === undefined) throw new HttpError(403, 'you may not look at this dashboard');
    if (client.segment === LOGIN)
      return client.method === 'POST' ? await this.#login(client) : this.#form(client, 200, undefined);
    if (client.wantsJson || (client.method !== 'GET' && client.method !== 'HEAD'))
      throw new HttpError(401, 'log in first', { 'www-authenticate': 'Bearer' });
    const to = `${client.segment}${client.query.size > 0 ? `?${client.query}` : ''}`;
    return redirect(link(LOGIN, { to }));
  }

  /** For a request of somebody: leaves the page to log in, or ends the session. */
  leave(client: Client): Response | undefined {
    if (client.segment === LOGIN && client.method === 'GET') return redirect(ownAddress(client.query.get('to')));
    if (client.segment !== 'logout' || client.method !== 'POST' || this.#identity.sessions === undefined)
      return undefined;
    client.cookies.push(this.#identity.cookieText(client, ''));
    const { log } = this.#dashboard.options;
    writeAudit(log, { user: client.user, from: client.address, action: 'logout', target: '', ms: 0 });
    return redirect(LOGIN);
  }

  async #login(client: Client): Promise<Response> {
    const { access, log } = this.#dashboard.options;
    if (access.kind !== 'login') throw new HttpError(404, 'nobody logs in here');
    const started = performance.now();
    const wait = this.#attempts.begin(client.address, Date.now());
    if (wait > 0)
      throw new HttpError(429, `too many attempts to log in: try again in ${wait} s`, { 'retry-after': String(wait) });
    const form = await client.form();
    const name = form.get('name') ?? '';
    const user = await access.credentials.login(name, form.get('password') ?? '');
    const audit = {
      user,
      from: client.address,
      action: LOGIN,
      target: name.slice(0, 64),
      ms: performance.now() - started,
    };
    writeAudit(log, user === undefined ? { ...audit, refused: 'wrong name or password' } : audit);
    if (user === undefined) return this.#form(client, 403, form.get('to') ?? undefined);
    this.#attempts.succeed(client.address);
    client.cookies.push(this.#identity.cookieText(client, this.#identity.sessions?.begin(user, Date.now()) ?? ''));
    return redirect(ownAddress(form.get('to')));
  }

  #form(client: Client, status: 200 | 403, to: string | undefined): Response {
    const { access } = this.#dashboard.options;
    const named = access.kind === 'login' && access.credentials.named;
    const address = ownAddress(to ?? client.query.get('to'));
    return document(
      this.#dashboard,
      client,
      status,
      LoginPage({
        dashboard: this.#dashboard,
        theme: client.cookie('tsworker_theme'),
        named,
        to: address,
        wrong: status === 403,
      }),
    );
  }
}

/** @returns the overview for anything that is no page of ours */
export function ownAddress(text: string | null): string {
  return text !== null && text !== LOGIN && OWN_ADDRESS.test(text) && text !== '' ? text : './';
}

function redirect(location: string): Response {
  return new Response(null, { status: 303, headers: { location } });
}
