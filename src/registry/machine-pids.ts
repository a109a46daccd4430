/**
 * Which pids are used on this machine, whichever container uses them: to say of a process that nobody knows more of than its
 * pid and its host that it is gone. Reads /proc, so Linux only; knows no Redis.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The first pid namespace of a machine: only from there every process can be seen. Its number is fixed in the kernel. */
const FIRST_NAMESPACE = 'pid:[4026531836]';

/** @returns undefined where some process may be hidden from us */
export function pidsOfMachine(proc = '/proc'): ReadonlySet<number> | undefined {
  try {
    if (readlinkSync(`${proc}/self/ns/pid`) !== FIRST_NAMESPACE) return undefined;
    // Hidden from other users (hidepid): then those of other users are, too.
    readFileSync(`${proc}/1/status`);
    const pids = readdirSync(proc).filter((name) => /^\d+$/.test(name));
    return new Set(pids.flatMap((pid) => pidsIn(`${proc}/${pid}/status`)));
  } catch {
    return undefined;
  }
}

/** A process has a pid in its own namespace, and in each above. */
function pidsIn(file: string): number[] {
  const status = readStatus(file);
  if (status === undefined || /^State:\s+[ZX]/m.test(status)) return [];
  const line = /^NSpid:\s+([\d\s]+)$/m.exec(status)?.[1];
  if (line === undefined) throw new Error(`${file} does not say in which namespaces the process is`);
  return line.trim().split(/\s+/).map(Number);
}

/** @returns undefined for a process that has ended meanwhile */
function readStatus(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
