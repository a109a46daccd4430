/**
 * Owns the engine's state: new → running → quiet → stopped. running: jobs are claimed; quiet: no more are claimed, and
 * the running ones end; stopped: every job was reported. A pause suspends the claims while running, and nothing else.
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

  /** @returns false for an invalid transition: a second stop, a stop after the end */
  enter(state: State): boolean {
    if (!NEXT[this.#state].includes(state)) return false;
    this.#state = state;
    return true;
  }

  suspend(suspended: boolean): void {
    this.#suspended = suspended;
  }
}
