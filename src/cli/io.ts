/** The terminal and the process as a command sees them; tests replace both. */

import { harmless } from '../terminal-text.js';

export interface Io {
  readonly cwd: string;
  /** The output is a terminal. */
  readonly terminal: boolean;
  /** The terminal supports colours, and they are not disabled. */
  readonly colour: boolean;
  /** Width in columns. */
  readonly columns: number;
  /** Height in lines. */
  readonly rows: number;
  /** Standard input; a terminal if `isTTY` is true. */
  readonly input: NodeJS.ReadableStream & Partial<Pick<NodeJS.ReadStream, 'isTTY' | 'setRawMode'>>;
  /** Input and error output are terminals, so the user can be asked. */
  readonly interactive: boolean;
  out(text: string): void;
  err(text: string): void;
  /**
   * Like {@link out} for unlimited output: waits until the output accepts more, so that memory stays bounded.
   * @returns false if the reader has closed the pipe (`…
   * head`), so that more output is useless
   */
  print(text: string): Promise<boolean>;
}

/** Writes a line for people, with control characters in quoted text replaced. */
export function printLine(io: Pick<Io, 'out'>, text: string): void {
  io.out(`${harmless(text)}\n`);
}

/** Writes a line about a problem to the error output, with control characters in quoted text replaced. */
export function say(io: Pick<Io, 'err'>, text: string): void {
  io.err(`tsworker: ${harmless(text)}\n`);
}

/** The IO of the real process. A reader that closed the pipe (`tsworker -help | head -1`) is not an error. */
export function processIo(env: Readonly<Record<string, string | undefined>> = process.env): Io {
  const { stdout, stderr } = process;
  let gone = false;
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      gone ||= stream === stdout;
    });
  }
  const terminal = stdout.isTTY === true;
  return {
    cwd: process.cwd(),
    terminal,
    colour: coloured(terminal, env),
    // Read again at each redraw: the size of a window changes.
    get columns() {
      return stdout.columns ?? (Number(env.COLUMNS) || 100);
    },
    get rows() {
      return stdout.rows ?? 24;
    },
    // Opened only when it is read: an open standard input keeps a process alive.
    get input() {
      return process.stdin;
    },
    get interactive() {
      return process.stdin.isTTY === true && stderr.isTTY === true;
    },
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    // Also called with an error, if the reader has gone.
    print: (text) => new Promise((resolve) => stdout.write(text, () => resolve(!gone))),
  };
}

/** https://no-color.org, and https://force-color.org. */
export function coloured(terminal: boolean, env: Readonly<Record<string, string | undefined>>): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return !/^(0|false)$/i.test(env.FORCE_COLOR);
  return terminal && env.TERM !== 'dumb';
}
