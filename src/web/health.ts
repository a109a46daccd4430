/** Alive, and ready: what the pages /healthz and /readyz say. Pure. */
import { json, type Page, plain } from './server.js';

/** How a worker stands. */
export interface Standing {
  /** Redis answers. */
  readonly redis: boolean;
  /** At least one process is registered, has set up its job modules, and claims. */
  readonly working: boolean;
  /** SIGUSR2: no process takes new jobs until SIGCONT. */
  readonly paused: boolean;
  /** In every process a job blocks the event loop, so that no process takes new jobs. */
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
