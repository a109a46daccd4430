/** A model as a response: a whole page, its middle alone, or JSON. */

import { isoTime, jsonText } from '../json-text.js';
import type { Client } from './client.js';
import { mayDo, type User } from './guard/roles.js';
import type { Ask, Dashboard, HttpError, Page, View } from './routes/page.js';
import { ErrorPage } from './views/error.js';
import { Layout } from './views/layout.js';

export const THEME_COOKIE = 'tsworker_theme';

export async function show(dashboard: Dashboard, client: Client, page: Page): Promise<Response> {
  const ask = await askOf(dashboard, client);
  const model = await page.load(ask);
  if (client.wantsJson) return json(200, page.json(model, ask));
  const title = typeof page.title === 'string' ? page.title : page.title(model);
  return framed(ask, client, {
    title,
    path: page.path,
    parent: page.parent,
    view: page.view(model, ask),
    status: 200,
    live: true,
  });
}

/** @param isPatient see Reader.look: an action looks for itself at what it changes */
export async function askOf(dashboard: Dashboard, client: Client, isPatient = true): Promise<Ask> {
  const user = client.user as User;
  const snapshot = await dashboard.reader.look(isPatient);
  const { figures } = snapshot;
  return {
    ...{ dashboard, snapshot, user, query: client.query },
    now: figures === undefined ? Date.now() : figures.at + (Date.now() - figures.readAt),
    may: (action) => mayDo(user, action),
  };
}

interface Shown {
  readonly title: string;
  readonly path: string;
  readonly parent?: string | undefined;
  readonly view: View;
  readonly status: number;
  /** It is kept up to date. */
  readonly live?: boolean;
}

export function framed(ask: Ask, client: Client, { view, status, live = false, ...shown }: Shown): Response {
  const note = ask.dashboard.notes.get(client.query.get('note'));
  const whole = Layout({
    ...{ ask, ...shown, live, note, part: client.wantsPart, theme: client.cookie(THEME_COOKIE) },
    children: view,
  });
  return document(ask.dashboard, client, status, whole);
}

export function document(_dashboard: Dashboard, client: Client, status: number, view: View): Response {
  const text = String(view);
  return new Response(client.wantsPart ? text : `<!DOCTYPE html>${text}`, {
    status,
    headers: { 'content-type': 'text/html; charset=utf-8' },
  });
}

export function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(`${jsonText(value, 2)}\n`, {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  });
}

export async function errorResponse(dashboard: Dashboard, client: Client, error: HttpError): Promise<Response> {
  const { status, message, headers } = error;
  if (client.wantsJson) return json(status, { error: message, at: isoTime(Date.now()) }, headers);
  const view = ErrorPage({ status, message });
  const response =
    client.user === undefined
      ? document(dashboard, client, status, ErrorPage({ status, message, bare: dashboard }))
      : framed(await askOf(dashboard, client), client, { title: 'Error', path: client.segment, view, status });
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  return response;
}
