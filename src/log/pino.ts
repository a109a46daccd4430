/** Makes the logger: JSON lines for machines, readable ones on a terminal. The sole value import of pino. */
import { type DestinationStream, type Logger, pino } from 'pino';
import type { Settings } from '../config/settings.js';
import { harmlessJson, shownJson } from '../terminal-text.js';

/** Logs to standard output. Colours only on a terminal, and not with NO_COLOR. */
export async function createLog(settings: Pick<Settings, 'logLevel' | 'logFormat'>): Promise<Logger> {
  // Synchronous: the last lines before an end say why it came, and must be there, in their order.
  const output = pino.destination({ dest: 1, sync: true });
  // A reader that went away (a closed pipe, a terminal that hung up) must not end the worker.
  output.on('error', () => {});
  if (settings.logFormat !== 'pretty') return make(settings.logLevel, through(harmlessJson, output));
  const { default: pretty } = await import('pino-pretty');
  const colorize = process.stdout.isTTY === true && !process.env.NO_COLOR;
  const form = { colorize, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss.l' };
  return make(settings.logLevel, through(shownJson, pretty({ ...form, sync: true, destination: output })));
}

/** What jobs and producers wrote is in the lines: it must do nothing to the terminal of whoever reads them. */
function through(harmless: (json: string) => string, to: DestinationStream): DestinationStream {
  return { write: (line) => to.write(harmless(line)) };
}

function make(level: string, stream: DestinationStream): Logger {
  return pino({ level, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime }, stream);
}
