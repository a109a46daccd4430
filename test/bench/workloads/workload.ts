/** What every workload is given, and what it is. */
import type { Server } from '../harness/server.js';
import type { Report } from '../report/report.js';
import type { Field } from '../systems/all.js';

export interface Bench {
  readonly server: Server;
  readonly field: Field;
  readonly rounds: number;
  /** For what matters less, or takes long: a third of them. */
  readonly fewRounds: number;
  /** At most so many jobs in a run; undefined: as many as the run's time takes. */
  readonly jobs: number | undefined;
  /** Only the one case that matters most. */
  readonly quick: boolean;
  /** Says what is under way. */
  say(text: string): void;
}

export type Workload = (bench: Bench) => Promise<Report[]>;
