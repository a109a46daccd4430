/** Signal → action, as a table. Installed while a worker runs, and taken off again. */
import { isatty } from 'node:tty';
import type { SignalActions } from '../worker/types.js';

/** USR1 stays Node's debugger. */
const TABLE: Partial<Record<NodeJS.Signals, keyof SignalActions>> = {
  SIGQUIT: 'stop',
  SIGTERM: 'stop',
  SIGINT: 'stop',
  SIGUSR2: 'pause',
  SIGCONT: 'resume',
  SIGTTIN: 'report',
  SIGHUP: 'reload',
};

/** HUP then says that the terminal has gone, and with it whoever started us: no reload. */
export function onTerminal(): boolean {
  return [0, 1, 2].some((fd) => isatty(fd));
}

/** @returns takes the handlers off again */
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
