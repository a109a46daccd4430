/**
 * Child processes that cannot outlive the demo, also when it is killed with SIGKILL. They are in a process group of their own, so that
 * Ctrl-C reaches the demo alone, which then ends them in the right order: the daemon first, its Redis after it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

// The watcher reads a pipe that only the demo holds open; the shell itself becomes the command, so `$$` is its pid.
const SCRIPT = 'exec 3<&0; { cat <&3 >/dev/null; kill "$$"; } >/dev/null 2>&1 & exec "$@" 3<&- </dev/null';

/** Starts a command that ends with this process. Its pid is the child's pid; stdout and stderr are pipes. */
export function spawnGuarded(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): ChildProcess {
  const child = spawn('sh', ['-c', SCRIPT, 'sh', command, ...args], { ...options, stdio: 'pipe', detached: true });
  child.stdin?.on('error', () => {});
  return child;
}

/** Asks it to end, kills it when it does not within the time, and returns when it is gone. */
export async function endChild(child: ChildProcess, patienceMs: number): Promise<void> {
  if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
    await gone;
    clearTimeout(timer);
  }
  child.stdin?.destroy();
}
