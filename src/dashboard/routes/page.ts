/**
 * What a page is: a path of one segment, a model that is read from the snapshot and at most one bounded reading, and two forms
 * of it. Knows no page.
 */
import type { JSX } from 'hono/jsx/jsx-runtime';
import type { Connection } from '../../redis/connection.js';
import type { Keys } from '../../resque/keys.js';
import type { Assets } from '../assets.js';
import type { Failures } from '../failures/failures.js';
import type { ActionName, User } from '../guard/roles.js';
import type { Hub } from '../live/hub.js';
import type { Notes } from '../model/notes.js';
import type { Once } from '../model/once.js';
import type { Reader } from '../model/reader.js';
import type { Snapshot } from '../model/snapshot.js';
import type { Operations } from '../operations/operations.js';
import type { DashboardOptions } from '../options.js';
import type { Redactor } from '../redact/redactor.js';

/** What all requests share. */
export interface Dashboard {
  readonly options: DashboardOptions;
  readonly keys: Keys;
  /** For pages: bounded, all of them together. */
  readonly connection: Connection;
  /** For actions. */
  readonly acting: Connection;
  readonly reader: Reader;
  readonly once: Once;
  /** What is shown, searched and sent of payloads and messages goes through it. */
  readonly redactor: Redactor;
  readonly notes: Notes;
  readonly assets: Assets;
  readonly failures: Failures;
  readonly operations: Operations;
  readonly hub: Hub;
}

/** One request of somebody who may look. */
export interface Ask {
  readonly dashboard: Dashboard;
  readonly snapshot: Snapshot;
  readonly user: User;
  readonly query: URLSearchParams;
  /** Redis' clock as far as it is known, in milliseconds. */
  readonly now: number;
  may(action: ActionName): boolean;
}

export type View = JSX.Element;

export interface Page<M = unknown> {
  /** The last segment of the address; '' is the overview. */
  readonly path: string;
  readonly title: string | ((model: M) => string);
  /** The page that it is reached from, and that the navigation marks. */
  readonly parent?: string;
  load(ask: Ask): Promise<M> | M;
  /** For machines: the fields of the command line's `-json`. */
  json(model: M, ask: Ask): unknown;
  view(model: M, ask: Ask): View;
}

/** A page for the table. */
export function definePage<M>(page: Page<M>): Page {
  return page as unknown as Page;
}

/** A request that is answered with an error page. */
export class HttpError extends Error {
  readonly status: 400 | 401 | 403 | 404 | 405 | 409 | 413 | 421 | 429 | 500 | 503;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: HttpError['status'], message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** A whole number of a query within its limits; the fallback for anything else. */
export function wholeNumber(
  text: string | null,
  { min, max, fallback }: { min: number; max: number; fallback: number },
): number {
  if (text === null || !/^\d{1,15}$/.test(text)) return fallback;
  return Math.min(max, Math.max(min, Number(text)));
}

/** A relative address: `queue?name=a%2Fb`. */
export function link(path: string, query: Readonly<Record<string, string | number | undefined>> = {}): string {
  const parts = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const text = new URLSearchParams(parts.map(([name, value]): [string, string] => [name, String(value)])).toString();
  return `${path === '' ? './' : path}${text === '' ? '' : `?${text}`}`;
}
