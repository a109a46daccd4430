/**
 * Ctrl-C and TERM end a long command between two of its steps, so that it can report its progress; a second signal ends
 * it at once.
 */

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** The exit code that shells use for a command that Ctrl-C ended. */
export const INTERRUPTED = 130;

/** @param work checks the signal between its steps, and ends by itself */
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
