/**
 * Tells when a job begins and ends, before anything of it runs and as soon as it has: what is told outlives the process,
 * and clears a job that had not begun, or had ended, when its process died. Knows no supervisor.
 */
import type { EngineEvents, Perform } from '../engine/interfaces.js';

/** @param token of the claim; @param running false when the job has ended */
export type TellRunning = (token: string, running: boolean) => void;

export function tellBegin(perform: Perform, tell: TellRunning): Perform {
  return (run) => {
    tell(run.claim.token, true);
    return perform(run);
  };
}

export function tellEnd(events: EngineEvents, tell: TellRunning): EngineEvents {
  return {
    ...events,
    finished(run, outcome) {
      tell(run.claim.token, false);
      events.finished(run, outcome);
    },
  };
}
