/** A terminal or a pipe that a test reads and types into. */
import { PassThrough } from 'node:stream';
import type { Io } from '../../src/cli/io.js';

export interface FakeIo extends Io {
  readonly texts: { out: string; err: string };
  readonly input: PassThrough & { isTTY?: boolean; setRawMode?(raw: boolean): never };
  /** Whether the terminal is in raw mode now. */
  raw: boolean;
}

export function fakeIo(
  given: Partial<Pick<Io, 'cwd' | 'terminal' | 'colour' | 'columns' | 'rows' | 'interactive'>> = {},
): FakeIo {
  const texts = { out: '', err: '' };
  const io = {
    ...{ cwd: '/', terminal: false, colour: false, columns: 100, rows: 24, interactive: false },
    ...given,
    texts,
    raw: false,
    input: Object.assign(new PassThrough(), {
      isTTY: given.terminal === true,
      setRawMode(raw: boolean) {
        io.raw = raw;
      },
    }),
    out(text: string) {
      texts.out += text;
    },
    err(text: string) {
      texts.err += text;
    },
    async print(text: string) {
      texts.out += text;
      return true;
    },
  };
  return io as unknown as FakeIo;
}
