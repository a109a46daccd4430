/** Ctrl-C and TERM end a long command between two of its steps, so that it can say how far it came; a second one at once. */

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** What a shell reports for a command that Ctrl-C ended. */
export const INTERRUPTED = 130;

/** @param work is to look at the signal between its steps, and to end of its own accord */
export async function interruptible<T>(work: (over: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const abort = () => {
    release();
    controller.abort();
  };
  const release = () => {
    for (const name of SIGNALS) process.off(name, abort);
  };
  for (const name of SIGNALS) process.on(name, abort);
  try {
    return await work(controller.signal);
  } finally {
    release();
  }
}
