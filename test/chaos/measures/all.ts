/** Every measure. */

/** What was measured, its median, its maximum, and how often. */
export type Figures = readonly (readonly [string, number, number, number])[];

export interface Measure {
  readonly name: string;
  readonly about: string;
  run(): Promise<Figures>;
}

export const MEASURES: readonly Measure[] = [];
