/** The pages /healthz (alive) and /readyz (ready). Pure. */
import { json, type Page, plain } from './server.js';

/** The state of a worker. */
export interface Standing {
  /** Redis answers. */
  readonly redis: boolean;
  /** At least one process is registered, has set up its job modules, and claims. */
  readonly working: boolean;
  /** SIGUSR2: no process takes new jobs until SIGCONT. */
  readonly paused: boolean;
  /** A job blocks the event loop of every process, so no process claims jobs. */
  readonly blocked: boolean;
  readonly stopping: boolean;
}

/** A process that answers is alive. */
export function healthPage(): Page {
  return plain(200, 'alive');
}

export function readyPage(standing: Standing): Page {
  const { redis, working, paused, blocked, stopping } = standing;
  const ready = redis && working && !paused && !blocked && !stopping;
  return json(ready ? 200 : 503, { ready, ...standing });
}
