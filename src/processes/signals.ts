/** The table from signal to action. The handlers are installed while a worker runs. */
import { isatty } from 'node:tty';
import type { SignalActions } from '../worker/types.js';

/** USR1 is not used: it starts Node's debugger. */
const TABLE: Partial<Record<NodeJS.Signals, keyof SignalActions>> = {
  SIGQUIT: 'stop',
  SIGTERM: 'stop',
  SIGINT: 'stop',
  SIGUSR2: 'pause',
  SIGCONT: 'resume',
  SIGTTIN: 'report',
  SIGHUP: 'reload',
};

/** Whether the process runs on a terminal. HUP then means that the terminal was closed, not a reload. */
export function onTerminal(): boolean {
  return [0, 1, 2].some((fd) => isatty(fd));
}

/** @returns a function that removes the handlers */
export function handleSignals(actions: SignalActions): () => void {
  const handlers = Object.entries(TABLE).flatMap(([signal, action]) => {
    const act = actions[action];
    if (act === undefined) return [];
    const handler = () => act(signal);
    process.on(signal, handler);
    return [{ signal, handler }];
  });
  return () => {
    for (const { signal, handler } of handlers) process.off(signal, handler);
  };
}
