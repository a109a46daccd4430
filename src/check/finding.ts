/** What a check found, as data: one line each, and what would be right where it is not. Pure. */
import { TsworkerError } from '../errors.js';
import { deniedCommand } from '../redis/permissions.js';

/** good; warning: works, but look at it; bad: will not work, or loses jobs. */
export type Level = 'good' | 'warning' | 'bad';

export interface Finding {
  readonly level: Level;
  readonly text: string;
  /** What would be right. */
  readonly hint?: string;
}

export interface Section {
  readonly name: string;
  readonly findings: readonly Finding[];
}

export const good = (text: string): Finding => ({ level: 'good', text });
export const warning = (text: string, hint: string): Finding => ({ level: 'warning', text, hint });
export const bad = (text: string, hint: string): Finding => ({ level: 'bad', text, hint });

/** A TsworkerError already says how to fix it. Any other error is a bug and is rethrown. */
export function findingOf(error: unknown): Finding {
  if (!(error instanceof TsworkerError)) throw error;
  return { level: 'bad', text: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
}

/** `a, b, c and 4 more`. */
export function some(names: readonly string[], most = 8): string {
  const rest = names.length - most;
  return rest > 0 ? `${names.slice(0, most).join(', ')} and ${rest} more` : names.join(', ');
}

/** What our user may not look at is no fault of the set-up. Other errors go on. */
export async function permitted<T>(what: string, look: () => Promise<T>, or: (finding: Finding) => T): Promise<T> {
  try {
    return await look();
  } catch (error) {
    const command = deniedCommand(error);
    if (command === undefined) throw error;
    const hint = `ACL SETUSER <user> +${command}, or run this check as another user`;
    return or(warning(`${what} could not be checked: our user may not run ${command}`, hint));
  }
}
