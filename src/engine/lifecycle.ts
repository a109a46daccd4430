/**
 * The one holder of the engine's state: new → running → quiet → stopped. Running claims; quiet claims no more and lets
 * the running jobs end; stopped has reported every job. A pause suspends claiming while running and changes nothing else.
 */
export type State = 'new' | 'running' | 'quiet' | 'stopped';

const NEXT: Record<State, readonly State[]> = {
  new: ['running', 'stopped'],
  running: ['quiet', 'stopped'],
  quiet: ['stopped'],
  stopped: [],
};

export class Lifecycle {
  #state: State = 'new';
  #suspended = false;

  get state(): State {
    return this.#state;
  }

  get claiming(): boolean {
    return this.#state === 'running' && !this.#suspended;
  }

  get suspended(): boolean {
    return this.#suspended;
  }

  /** @returns false where the step is not a legal one: a second stop, a stop after the end */
  enter(state: State): boolean {
    if (!NEXT[this.#state].includes(state)) return false;
    this.#state = state;
    return true;
  }

  suspend(suspended: boolean): void {
    this.#suspended = suspended;
  }
}
