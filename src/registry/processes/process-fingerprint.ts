/**
 * Identifies a process on a machine, so that it can be shown to be gone, without ever being wrong about a live one. A
 * pid is not enough: pids are reused, and each container has its own. Reads /proc, so Linux only.
 */
import { readFileSync, readlinkSync } from 'node:fs';

/**
 * Boot id, pid namespace, and start time of the process, which differs for another process with the same pid.
 * @returns undefined if they cannot be determined
 */
export function machineOf(pid: number): string | undefined {
  const here = readHere();
  const start = here && readStat(pid)?.start;
  return start === undefined ? undefined : `${here} ${start}`;
}

/** Whether the process with this {@link machineOf} ran on this machine and does not run any more. false if in doubt. */
export function isGone(machine: string, pid: number): boolean {
  const here = readHere();
  if (here === undefined || !machine.startsWith(`${here} `) || !Number.isSafeInteger(pid) || pid <= 0) return false;
  const stat = readStat(pid);
  // Unreadable does not mean gone: /proc may hide processes of other users, but signal 0 finds them.
  if (stat === undefined) return !exists(pid);
  // A zombie has ended; its parent has not read its exit status yet.
  return `${here} ${stat.start}` !== machine || stat.state === 'Z' || stat.state === 'X';
}

function readHere(): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return undefined;
  }
}

function readStat(pid: number): { readonly state: string; readonly start: string } | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined;
  }
}

/** `4711 (a name) S 1 …`: the name may contain blanks and parentheses, so fields are counted from the last `)`. */
export function parseStat(text: string): { readonly state: string; readonly start: string } | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // Fields 3 and 22 of the line.
  const [state, start] = [fields[0], fields[19]];
  return start === undefined || !/^\d+$/.test(start) ? undefined : { state, start };
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
