/** Creates the logger: JSON lines, or readable ones on a terminal. The only value import of pino. */
import { type DestinationStream, type Logger, pino } from 'pino';
import type { Settings } from '../config/settings.js';
import { harmlessJson } from '../terminal-text.js';
import { pretty } from './pretty.js';

/** Logs to standard output. Colours only on a terminal, and not with NO_COLOR. */
export function createLog(settings: Pick<Settings, 'logLevel' | 'logFormat'>): Logger {
  // Synchronous: the last lines before an exit contain its reason, and must not be lost.
  const output = pino.destination({ dest: 1, sync: true });
  // A closed pipe or terminal must not end the worker.
  output.on('error', () => {});
  const write = (line: string) => void output.write(line);
  if (settings.logFormat !== 'pretty') return make(settings.logLevel, { write: (line) => write(harmlessJson(line)) });
  const colour = process.stdout.isTTY === true && !process.env.NO_COLOR;
  return make(settings.logLevel, {
    write: (line) => write(pretty(line, { colour, columns: process.stdout.columns ?? 120 })),
  });
}

function make(level: string, stream: DestinationStream): Logger {
  return pino({ level, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime }, stream);
}
