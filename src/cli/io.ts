/** What a command sees of the terminal and the process, so that tests can stand in for both. */

export interface Io {
  readonly cwd: string;
  /** Output goes to a terminal. */
  readonly terminal: boolean;
  /** Columns to fit in. */
  readonly columns: number;
  out(text: string): void;
  err(text: string): void;
}

/** The real one. A reader that has gone (`tsworker -help | head -1`) is no error of ours. */
export function processIo(): Io {
  const { stdout, stderr } = process;
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
  return {
    cwd: process.cwd(),
    terminal: stdout.isTTY === true,
    columns: stdout.columns ?? 100,
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
  };
}
