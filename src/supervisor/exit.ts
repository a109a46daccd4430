/** How a process ended, as Ruby's Process::Status prints it, which is what Resque writes. Pure. */
import { constants } from 'node:os';
import type { Death } from './messages.js';

/** Node.js ends itself with SIGABRT when its heap is full, and writes the reason only to stderr. */
const ABORTED = ', as Node.js ends when its heap is full';

/** `pid 4711 SIGKILL (signal 9)`, `pid 4711 exit 1`. */
export function exitText(pid: number, { code, signal }: Death): string {
  if (signal === null) return `pid ${pid} exit ${code ?? 'unknown'}`;
  const number = constants.signals[signal as NodeJS.Signals];
  return `pid ${pid} ${signal} (signal ${number})${signal === 'SIGABRT' ? ABORTED : ''}`;
}
