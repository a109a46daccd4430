/** What a dashboard is told: by `tsworker web`, or by the program that mounts it. Resolved once; no reading here. */
import type { BadgeColor, WebConfig } from '../config/web.js';
import type { Connection } from '../redis/connection.js';
import type { Keys } from '../resque/keys.js';
import type { User } from './guard/roles.js';
import type { Credentials } from './guard/users.js';

/** Who asks, as the program that mounts the dashboard says: a user, a response such as a redirect to its login, or nobody. */
export type Authorize = (request: Request) => Promise<User | Response | undefined> | User | Response | undefined;

/** How people get in. */
export type Access =
  /** Nobody has to log in: on the loopback only. */
  | { readonly kind: 'local' }
  | { readonly kind: 'login'; readonly credentials: Credentials }
  /** Another program's matter. */
  | { readonly kind: 'mounted'; readonly authorize: Authorize | 'open' };

export interface DashboardOptions {
  readonly connection: Connection;
  readonly keys: Keys;
  /** Shown; without a password. */
  readonly uri: string;
  readonly namespace: string;
  readonly label: string;
  readonly pruneAfterMs: number;
  readonly heartbeatMs: number;
  readonly forcePrune: boolean;
  readonly onDead: 'requeue' | 'fail';
  readonly schedulerLockPrefix: string;
  readonly access: Access;
  /** Where it listens; undefined: it is mounted, and who mounts it checks by which name it is called. */
  readonly host: string | undefined;
  readonly hosts: readonly string[];
  readonly baseUrl: URL | undefined;
  /** The path below which it is mounted, where it is known: `/jobs`. */
  readonly base: string | undefined;
  readonly trustProxy: boolean;
  readonly readOnly: boolean;
  readonly title: string;
  /** Of the badge that says which environment this is. */
  readonly color: BadgeColor | undefined;
  readonly frameAncestors: readonly string[];
  readonly links: NonNullable<WebConfig['links']>;
  readonly redact: NonNullable<WebConfig['redact']>;
  /** One line for each action; what failed. */
  readonly log: DashboardLog;
}

export interface DashboardLog {
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}
