/** Ctrl-C and its kin, as a signal to abort, while something runs that must be cleaned up after. */

const NAMES = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs the function with a signal that aborts when the process is asked to end; listeners are taken off after it. */
export async function interruptible<T>(run: (interrupted: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const abort = () => controller.abort();
  for (const name of NAMES) process.on(name, abort);
  try {
    return await run(controller.signal);
  } finally {
    for (const name of NAMES) process.off(name, abort);
  }
}
