/** Writes the events of the supervisor to the log. All messages about child processes are here. */
import type { Logger } from 'pino';
import type { ReloadProgress, RunningChild, SupervisorEvents } from '../supervisor/events.js';

export function logSupervisor(log: Logger, events: SupervisorEvents): void {
  logDeaths(log, events);
  logReload(log, events);
  events.on('retiring', ({ pid, rssMb }) =>
    log.warn(
      { child: pid, rssMb },
      'a child process uses more memory than -max-rss: it finishes its running jobs and is replaced',
    ),
  );
  events.on('blocked', ({ pid, running, silentMs }) =>
    log.warn(
      { child: pid, running, silentMs: Math.round(silentMs) },
      'a child process does not answer: a job blocks its event loop, and it takes no other (TTIN shows which jobs it holds)',
    ),
  );
  events.on('quarantineOpened', () =>
    log.warn('jobs wait in quarantine, since two processes died while they ran: a child process runs them one by one'),
  );
  events.on('answering', ({ pid }) => log.info({ child: pid }, 'a child process that was blocked answers again'));
}

function logDeaths(log: Logger, events: SupervisorEvents): void {
  events.on('died', ({ pid, death: { code, signal }, restartInMs }) => {
    const next = restartInMs === undefined ? 'not replacing it' : 'replacing it, its jobs are put back';
    log.error({ child: pid, code, signal, restartInMs }, `a child process died: ${next}`);
  });
  events.on('startFailed', ({ error, restartInMs }) => {
    const next = restartInMs === undefined ? '' : ', trying again';
    log.error({ problem: error.message, restartInMs }, `a child process could not be started${next}`);
  });
  events.on('refused', ({ pid, error: { code, message, hint }, restartInMs }) => {
    const next = restartInMs === undefined ? '' : ', trying again';
    log.error({ child: pid, code, problem: message, hint, restartInMs }, `a child process cannot start${next}`);
  });
  events.on('killed', ({ pid }) =>
    log.warn({ child: pid }, 'a child process does not answer: killing it, its jobs are put back'),
  );
  events.on('killedToCancel', ({ pid }) =>
    log.warn(
      { child: pid },
      'killed a child process: a job that was to be cancelled blocked it; its other jobs are requeued',
    ),
  );
  events.on('killedBlocked', ({ pid, silentMs }) =>
    log.error(
      { child: pid, silentMs: Math.round(silentMs) },
      'a job blocks its child process beyond every limit: killing the child',
    ),
  );
  events.on('gaveUp', ({ deaths }) =>
    log.fatal({ deaths }, 'child processes died too often within a minute: giving up (see the lines above for why)'),
  );
}

function logReload(log: Logger, events: SupervisorEvents): void {
  events.on('reloading', ({ children, spare }) => {
    const how =
      spare > 0 ? 'each new one begins before the old one ends' : 'each old one ends before the new one begins';
    log.info({ children }, `reload: replacing the child processes one after the other, ${how}`);
  });
  events.on('reloadWaiting', ({ requested, ...progress }) => {
    const asked = requested ? 'another reload was requested and begins after this one: ' : 'reload: ';
    log.info({ replaced: progress.replaced, children: progress.total }, asked + progressText(progress));
  });
  events.on('replacing', ({ old, next }) =>
    log.info(
      { child: old.pid, running: old.running, by: next },
      'a new child process works; the old one finishes its running jobs and leaves',
    ),
  );
  events.on('reloaded', ({ classes, draining }) => {
    const rest = draining.length === 0 ? '' : `; still finishing their jobs: ${childrenText(draining)}`;
    log.info({ classes }, `reload done: all child processes have loaded the job modules anew${rest}`);
  });
  events.on('reloadFailed', ({ replaced }) =>
    log.error({ replaced }, 'reload given up: a new child process does not start (see above); the others go on'),
  );
}

/** `1 of 2 replaced, waiting for pid 4711: 1 running job` */
export function progressText({ replaced, total, waitingFor: { what, children } }: ReloadProgress): string {
  const done = `${replaced} of ${total} replaced`;
  if (children.length === 0) return done;
  if (what === 'starting') return `${done}, waiting for pid ${children[0].pid} to start`;
  return `${done}, waiting for ${childrenText(children)}`;
}

function childrenText(children: readonly RunningChild[]): string {
  return children
    .map(({ pid, running }) => `pid ${pid}: ${running} running ${running === 1 ? 'job' : 'jobs'}`)
    .join(', ');
}
