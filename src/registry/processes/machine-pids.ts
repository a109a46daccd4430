/**
 * The pids in use on this machine, in all containers: shows whether a process is gone of which only host and pid are
 * known. Reads /proc, so Linux only.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The initial pid namespace, from which every process is visible. Its number is fixed in the kernel. */
const FIRST_NAMESPACE = 'pid:[4026531836]';

/** @returns undefined if processes may be hidden from this one */
export function pidsOfMachine(proc = '/proc'): ReadonlySet<number> | undefined {
  try {
    if (readlinkSync(`${proc}/self/ns/pid`) !== FIRST_NAMESPACE) return undefined;
    // Unreadable with hidepid: then processes of other users are hidden.
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
