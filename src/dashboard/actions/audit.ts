/** Who did what: one line of the log for each action, also for one that was refused or failed. */
import type { User } from '../guard/roles.js';
import type { DashboardLog } from '../options.js';

export interface Audit {
  readonly user: User | undefined;
  /** Address of the browser, as far as it is known. */
  readonly from: string;
  readonly action: string;
  readonly target: string;
  readonly ms: number;
  readonly result?: Readonly<Record<string, unknown>>;
  /** Why nothing was done. */
  readonly refused?: string;
}

export function writeAudit(log: DashboardLog, { user, ...rest }: Audit): void {
  const audit = { user: user?.name ?? null, role: user?.role ?? null, ...rest };
  if (rest.refused === undefined) log.info({ audit }, `dashboard: ${audit.action} by ${audit.user ?? 'nobody'}`);
  else log.warn({ audit }, `dashboard: ${audit.action} by ${audit.user ?? 'nobody'} was refused`);
}
