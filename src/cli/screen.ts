/**
 * The whole terminal for one view, as `top` takes it: drawn over and over, and given back as it was, however it ends.
 * Knows nothing of what is drawn.
 */
import type { Io } from './io.js';

export interface Screen {
  /** Aborts when q or Ctrl-C is pressed, or a signal ends the process. */
  readonly over: AbortSignal;
  /** Puts this in place of what was there; what does not fit is cut off at the end. */
  draw(text: string): Promise<boolean>;
  /** The terminal as it was. May be called twice. */
  close(): void;
}

const ESC = '\u001b';
/** The second buffer, so that what stood there before comes back; no cursor; what is longer than a line is cut there. */
const OPEN = `${ESC}[?1049h${ESC}[?25l${ESC}[?7l${ESC}[2J`;
const CLOSE = `${ESC}[?7h${ESC}[?25h${ESC}[?1049l`;
const HOME = `${ESC}[H`;
const TO_LINE_END = `${ESC}[K`;
const TO_SCREEN_END = `${ESC}[J`;
/** q, Ctrl-C and Ctrl-D: in raw mode the terminal makes no signal of them. */
const ENDING = ['q', 'Q', '\u0003', '\u0004'];

/** @param onKey told of other keys */
export function openScreen(io: Io, onKey: (key: string) => void = () => {}): Screen {
  const over = new AbortController();
  const release = [listenForKeys(io, () => over.abort(), onKey), listenForSignals(() => over.abort())];
  io.out(OPEN);
  return {
    over: over.signal,
    draw(text) {
      const lines = text.split('\n').slice(0, io.rows - 1);
      return io.print(`${HOME}${lines.map((line) => `${line}${TO_LINE_END}\r\n`).join('')}${TO_SCREEN_END}`);
    },
    close() {
      for (const end of release.splice(0)) end();
      if (!over.signal.aborted) over.abort();
      io.out(CLOSE);
    },
  };
}

function listenForKeys({ input }: Io, end: () => void, other: (key: string) => void): () => void {
  if (!input.isTTY) return () => {};
  const onKey = (data: Buffer | string) => {
    const typed = data.toString();
    if (ENDING.some((key) => typed.includes(key))) end();
    // Arrows and the like are several characters behind an escape, and mean nothing here.
    else if (typed.length === 1) other(typed);
  };
  input.setRawMode?.(true);
  input.on('data', onKey);
  input.resume();
  return () => {
    input.off('data', onKey);
    input.setRawMode?.(false);
    input.pause();
  };
}

function listenForSignals(end: () => void): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.once(signal, end);
  return () => {
    for (const signal of signals) process.off(signal, end);
  };
}
