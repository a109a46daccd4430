/**
 * Which process on which machine: enough to say that it is gone, and never to say so of one that lives. A pid alone says
 * nothing: it is used again, and means another process in another container. Reads /proc only, so Linux only; knows no
 * Redis.
 */
import { readFileSync, readlinkSync } from 'node:fs';

/**
 * The boot, the pid namespace, and the process' start, which tells it from another one with its pid.
 * @returns undefined where that cannot be known
 */
export function machineOf(pid: number): string | undefined {
  const here = readHere();
  const start = here && readStat(pid)?.start;
  return start === undefined ? undefined : `${here} ${start}`;
}

/** Whether the process of which {@link machineOf} said this ran here, and runs no more. In any doubt false. */
export function isGone(machine: string, pid: number): boolean {
  const here = readHere();
  if (here === undefined || !machine.startsWith(`${here} `) || !Number.isSafeInteger(pid) || pid <= 0) return false;
  const stat = readStat(pid);
  // Not readable is not gone: /proc may hide the processes of other users, the signal 0 does not.
  if (stat === undefined) return !exists(pid);
  // A zombie waits for somebody to ask how it ended: it runs nothing.
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

/** `4711 (a name) S 1 …`: the name may hold blanks and parentheses, so fields are counted from its last one. */
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
