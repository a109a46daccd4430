/** Makes the logger: JSON lines for machines, readable ones on a terminal. The sole value import of pino. */
import { type DestinationStream, type Logger, pino } from 'pino';
import type { Settings } from '../config/settings.js';

/** Logs to standard output. Colours only on a terminal, and not with NO_COLOR. */
export async function createLog(settings: Pick<Settings, 'logLevel' | 'logFormat'>): Promise<Logger> {
  if (settings.logFormat === 'pretty') {
    const { default: pretty } = await import('pino-pretty');
    const colorize = process.stdout.isTTY === true && !process.env.NO_COLOR;
    const stream = pretty({ colorize, sync: true, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss.l' });
    return make(settings.logLevel, stream);
  }
  // Synchronous: the last lines before an end say why it came, and must be there, in their order.
  const stream = pino.destination({ dest: 1, sync: true });
  // A reader that went away (a closed pipe) must not end the worker.
  stream.on('error', () => {});
  return make(settings.logLevel, stream);
}

function make(level: string, stream: DestinationStream): Logger {
  return pino({ level, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime }, stream);
}
