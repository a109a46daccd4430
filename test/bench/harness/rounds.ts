/** Round robin over the systems, N rounds: a slow minute of the machine hits all of them. */

/** One result for each round, in their order; undefined where the run failed. */
export type Runs<R> = (R | undefined)[];

export interface Failure {
  readonly who: string;
  readonly message: string;
}

export interface Interleaved<S, R> {
  readonly runs: ReadonlyMap<S, Runs<R>>;
  readonly failures: readonly Failure[];
}

/** Each round begins with another system. A system that failed is not tried again. */
export async function interleave<S extends { readonly name: string }, R>(
  systems: readonly S[],
  rounds: number,
  run: (system: S) => Promise<R>,
): Promise<Interleaved<S, R>> {
  const runs = new Map<S, Runs<R>>(systems.map((system) => [system, []]));
  const failures = new Map<S, Failure>();
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < systems.length; i++) {
      const system = systems[(i + round) % systems.length];
      const result = failures.has(system)
        ? undefined
        : await run(system).catch((error: unknown) => {
            failures.set(system, { who: system.name, message: error instanceof Error ? error.message : String(error) });
            return undefined;
          });
      runs.get(system)?.push(result);
    }
  }
  return { runs, failures: [...failures.values()] };
}
