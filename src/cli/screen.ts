/** A full-screen view, as in `top`: redrawn, and restored at the end in every case. */
import type { Io } from './io.js';

export interface Screen {
  /** Aborted when q or Ctrl-C is pressed, or a signal ends the process. */
  readonly over: AbortSignal;
  /** Replaces the content; lines that do not fit are cut off at the end. */
  draw(text: string): Promise<boolean>;
  /** Restores the terminal. May be called twice. */
  close(): void;
}

const ESC = '\u001b';
/** The alternate buffer, so that the previous content is restored; no cursor; long lines are cut. */
const OPEN = `${ESC}[?1049h${ESC}[?25l${ESC}[?7l${ESC}[2J`;
const CLOSE = `${ESC}[?7h${ESC}[?25h${ESC}[?1049l`;
const HOME = `${ESC}[H`;
const TO_LINE_END = `${ESC}[K`;
const TO_SCREEN_END = `${ESC}[J`;
/** q, Ctrl-C and Ctrl-D: in raw mode the terminal sends no signals. */
const ENDING = ['q', 'Q', '\u0003', '\u0004'];

/** @param onKey called with other keys */
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
    // Arrows and similar keys are several characters after an escape; they are ignored.
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
