/**
 * Everything that a test process starts ends with it, also if it is killed with SIGKILL: a small shell gets every child
 * and temp folder, reads from a pipe that only this process holds open, and cleans up when the pipe ends.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Folders carry this in their name; the reaper removes no other. */
const PREFIX = 'tsworker-test-';

// `-` removes a pid from the list: its number may be reused by another process.
const SCRIPT = `
pids=" "; dirs=""
while read -r op what; do
  case "$op" in
    +) pids="$pids$what " ;;
    -) case "$pids" in *" $what "*) pids="\${pids%% $what *} \${pids#* $what }" ;; esac ;;
    d) case "$what" in */${PREFIX}*) dirs="$dirs$what
" ;; esac ;;
  esac
done
for pid in $pids; do kill -CONT "$pid"; kill -KILL "$pid"; done
printf '%s' "$dirs" | while read -r dir; do rm -rf "$dir" || { sleep 0.2; rm -rf "$dir"; }; done
`;

let reaper: ChildProcess | undefined;

function tell(line: string): void {
  reaper ??= startReaper();
  reaper.stdin?.write(`${line}\n`);
}

function startReaper(): ChildProcess {
  // A process group of its own: Ctrl-C in the terminal must reach us, not it. It keeps no event loop alive.
  const child = spawn('sh', ['-c', SCRIPT], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  child.unref();
  (child.stdin as unknown as { unref(): void }).unref();
  child.stdin?.on('error', () => {});
  return child;
}

/** The child is killed when this process ends, unless it ended before. Returns it. */
export function reaped<C extends ChildProcess>(child: C): C {
  const { pid } = child;
  if (pid === undefined) return child;
  tell(`+ ${pid}`);
  child.once('exit', () => tell(`- ${pid}`));
  return child;
}

/** A fresh folder below the system's temp folder, removed when this process ends. */
export function tempDir(name = 'dir'): string {
  const dir = mkdtempSync(join(tmpdir(), `${PREFIX}${name}-`));
  tell(`d ${dir}`);
  return dir;
}
