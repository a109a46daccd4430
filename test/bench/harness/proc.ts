/** CPU time and memory of a process with all its children, as the system counts them. Linux; elsewhere not known. */
import { readdirSync, readFileSync } from 'node:fs';

export interface Usage {
  /** User and system time since the process began; NaN where it is not known. */
  readonly cpuMs: number;
  readonly rssBytes: number;
}

interface Stat {
  readonly parent: number;
  readonly cpuMs: number;
  readonly rssBytes: number;
}

/** Linux counts a process' time in hundredths of a second, and its memory in pages. */
const [TICK_MS, PAGE_BYTES] = [10, 4096];

export function usageOf(pids: readonly number[]): Usage {
  const stats = new Map<number, Stat>();
  for (const pid of processIds()) {
    const stat = readStat(pid);
    if (stat) stats.set(pid, stat);
  }
  if (stats.size === 0) return { cpuMs: Number.NaN, rssBytes: Number.NaN };
  let [cpuMs, rssBytes] = [0, 0];
  for (const [pid, stat] of stats) {
    if (!descendsFrom(pid, pids, stats)) continue;
    cpuMs += stat.cpuMs;
    rssBytes += stat.rssBytes;
  }
  return { cpuMs, rssBytes };
}

function descendsFrom(pid: number, ancestors: readonly number[], stats: ReadonlyMap<number, Stat>): boolean {
  for (let at: number | undefined = pid; at !== undefined && at > 0; at = stats.get(at)?.parent)
    if (ancestors.includes(at)) return true;
  return false;
}

function processIds(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

/** See proc(5): after the name in parentheses come state, parent, …, utime (14th), stime, …, rss (24th). */
function readStat(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const cpuMs = (Number(fields[11]) + Number(fields[12])) * TICK_MS;
    return { parent: Number(fields[1]), cpuMs, rssBytes: Number(fields[21]) * PAGE_BYTES };
  } catch {
    return undefined;
  }
}
