/** A finding of the check, as data: one line, and how to fix it. Pure. */
import { TsworkerError } from '../errors.js';
import { deniedCommand } from '../redis/permissions.js';

/** good: correct. warning: works, and may be a problem. bad: does not work, or loses jobs. */
export type Level = 'good' | 'warning' | 'bad';

export interface Finding {
  readonly level: Level;
  readonly text: string;
  /** How to fix it. */
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

/** A read that the ACL denies is not a problem of the set-up. Other errors are rethrown. */
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
