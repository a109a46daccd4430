/** Makes the logger: JSON lines for machines, readable ones on a terminal. The sole value import of pino. */
import { type DestinationStream, type Logger, pino } from 'pino';
import type { Settings } from '../config/settings.js';

/** A logger of ours, and how to get its last lines out before the process ends. */
export interface Log {
  readonly logger: Logger;
  flush(): void;
}

/** Logs to standard output. Colours only on a terminal, and not with NO_COLOR. */
export async function createLog(settings: Pick<Settings, 'logLevel' | 'logFormat'>): Promise<Log> {
  if (settings.logFormat === 'pretty') {
    const { default: pretty } = await import('pino-pretty');
    const colorize = process.stdout.isTTY === true && !process.env.NO_COLOR;
    const stream = pretty({ colorize, sync: true, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss.l' });
    return { logger: make(settings.logLevel, stream), flush: () => {} };
  }
  const stream = pino.destination({ dest: 1, sync: false });
  // A reader that went away (a closed pipe) must not end the worker.
  stream.on('error', () => {});
  return { logger: make(settings.logLevel, stream), flush: () => flush(stream) };
}

function make(level: string, stream: DestinationStream): Logger {
  return pino({ level, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime }, stream);
}

function flush(stream: { flushSync(): void }): void {
  try {
    stream.flushSync();
  } catch {
    // Not yet opened, or the reader is gone: there is nobody to tell.
  }
}
