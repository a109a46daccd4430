/** What the configuration says of classes of jobs. Imports only types. */
import type { Retry } from './job-modules/retry-policy.js';

export interface ClassOptions {
  /** Whether a failed job runs again, unless the class or its module says so itself. */
  readonly retry?: Retry;
}

/** By class; `*` in a name stands for any text: `Reports::*`. */
export type ClassesInput = Readonly<Record<string, ClassOptions>>;
