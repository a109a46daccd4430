/** Signal → action, as a table. Installed while a worker runs, and taken off again. */

export interface SignalActions {
  /** Begin to stop, or with a further signal stop now. */
  stop(reason: string): void;
  pause(): void;
  resume(): void;
  /** Say what every busy slot is doing. */
  report(): void;
}

/** USR1 stays Node's debugger. HUP ends the process when its terminal goes, unless it was started with nohup. */
const TABLE: Partial<Record<NodeJS.Signals, keyof SignalActions>> = {
  SIGQUIT: 'stop',
  SIGTERM: 'stop',
  SIGINT: 'stop',
  SIGUSR2: 'pause',
  SIGCONT: 'resume',
  SIGTTIN: 'report',
};

/** @returns takes the handlers off again */
export function handleSignals(actions: SignalActions): () => void {
  const handlers = Object.entries(TABLE).map(([signal, action]) => {
    const handler = () => actions[action](signal);
    process.on(signal, handler);
    return { signal, handler };
  });
  return () => {
    for (const { signal, handler } of handlers) process.off(signal, handler);
  };
}
