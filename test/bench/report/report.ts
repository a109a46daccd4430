/** What a workload hands back: rows of labels and figures. The table, the JSON and the chart are made of it. */
import type { Figure } from '../harness/numbers.js';

export interface Column {
  readonly key: string;
  readonly title: string;
  /** Digits behind the point; default 0. */
  readonly digits?: number;
}

export interface Row {
  readonly labels: Readonly<Record<string, string>>;
  readonly figures: Readonly<Record<string, Figure | undefined>>;
}

export interface Report {
  readonly workload: string;
  readonly title: string;
  readonly labels: readonly string[];
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  /** What a reader must know, and what failed. */
  readonly notes: readonly string[];
}
