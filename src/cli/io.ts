/** What a command sees of the terminal and the process, so that tests can stand in for both. */

import { harmless } from '../terminal-text.js';

export interface Io {
  readonly cwd: string;
  /** Output goes to a terminal. */
  readonly terminal: boolean;
  /** The terminal takes colours, and nobody has forbidden them. */
  readonly colour: boolean;
  /** Columns to fit in. */
  readonly columns: number;
  /** Lines of the terminal. */
  readonly rows: number;
  /** What is typed or piped in; a terminal where its `isTTY` says so. */
  readonly input: NodeJS.ReadableStream & Partial<Pick<NodeJS.ReadStream, 'isTTY' | 'setRawMode'>>;
  /** Somebody can be asked: input and error output are terminals. */
  readonly interactive: boolean;
  out(text: string): void;
  err(text: string): void;
  /**
   * Like {@link out} for output without end: waits until it can be taken, so that memory stays bounded.
   * @returns false: the reader has gone (`… | head`), and more would be for nobody
   */
  print(text: string): Promise<boolean>;
}

/** A line of the output for people, whatever it quotes made harmless. */
export function printLine(io: Pick<Io, 'out'>, text: string): void {
  io.out(`${harmless(text)}\n`);
}

/** A line about what was wrong, or what is worth knowing: beside the output, whatever it quotes made harmless. */
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
    // Asked for again at each redraw: a window changes its size.
    get columns() {
      return stdout.columns ?? (Number(env.COLUMNS) || 100);
    },
    get rows() {
      return stdout.rows ?? 24;
    },
    // Only who reads it opens it: an open standard input keeps a process alive.
    get input() {
      return process.stdin;
    },
    get interactive() {
      return process.stdin.isTTY === true && stderr.isTTY === true;
    },
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    // Called back with an error too, where nobody reads any more.
    print: (text) => new Promise((resolve) => stdout.write(text, () => resolve(!gone))),
  };
}

/** https://no-color.org, and https://force-color.org. */
export function coloured(terminal: boolean, env: Readonly<Record<string, string | undefined>>): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return !/^(0|false)$/i.test(env.FORCE_COLOR);
  return terminal && env.TERM !== 'dumb';
}
