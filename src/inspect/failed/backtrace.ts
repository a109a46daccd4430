/**
 * Parses a backtrace for display: frames of the application, and frames of libraries and of the language, which are
 * folded. goworker writes its stack into the message: it is removed from there. Knows the formats of Ruby, Go, Node and
 * PHP. Pure.
 */
import type { FailedEntry } from './entry.js';

export interface Frame {
  readonly text: string;
  /** Belongs to the job's own program, judging by its path. */
  readonly isApp: boolean;
}

/** Consecutive frames of the same kind: of the application, or of libraries, which are folded. */
export interface FrameGroup {
  readonly isApp: boolean;
  readonly frames: readonly string[];
}

export interface Backtrace {
  /** The message, without a stack in it. */
  readonly message: string;
  /** The frames in the order of the backtrace. */
  readonly frames: readonly Frame[];
}

const LIBRARY = new RegExp(
  [
    '[/\\\\](?:node_modules|vendor|gems|bundle|site_ruby|rubygems|dist-packages|site-packages|GOROOT)[/\\\\]',
    // Ruby's own files, and Go's: /usr/lib/ruby/3.2.0/…, /usr/local/go/src/….
    '/(?:lib/ruby|ruby/\\d[\\d.]*|go/src|go/pkg/mod|libexec|internal)/',
    '(?:^|[( ])(?:node:|internal/|<internal:|<anonymous>|\\[native|native\\)|\\(eval)',
    'github\\.com/benmanns/goworker',
    '^(?:runtime|panic|testing|sync|net/http)[./(]',
  ].join('|'),
);

export function readBacktrace(entry: Pick<FailedEntry, 'error' | 'backtrace'>): Backtrace {
  const { message, stack } = splitMessage(entry.error);
  const lines = entry.backtrace.length > 0 ? entry.backtrace : stack;
  return { message, frames: framesOf(lines) };
}

export function groupFrames(frames: readonly Frame[]): readonly FrameGroup[] {
  const groups: { isApp: boolean; frames: string[] }[] = [];
  for (const { text, isApp } of frames) {
    const last = groups.at(-1);
    if (last?.isApp === isApp) last.frames.push(text);
    else groups.push({ isApp, frames: [text] });
  }
  return groups;
}

/** Go writes two lines for a frame: the function, then file and line, indented. */
const GO_PLACE = /^\s+\S+\.go:\d+/;

function framesOf(lines: readonly string[]): readonly Frame[] {
  const frames: Frame[] = [];
  for (const [i, line] of lines.entries()) {
    if (GO_PLACE.test(line) && i > 0) continue;
    const place = GO_PLACE.test(lines[i + 1] ?? '') ? lines[i + 1].trim() : undefined;
    const text = place === undefined ? line : `${line.trim()} ${place}`;
    if (text.trim() !== '') frames.push({ text, isApp: !isOther(line) && !isOther(place ?? '') });
  }
  return frames;
}

function isOther(line: string): boolean {
  return LIBRARY.test(line) || /^(?:caused by|error \d+ of \d+:|goroutine \d+ )/.test(line);
}

/** `panic message`, then `goroutine 7 [running]:` and its frames, as runtime/debug prints them. */
const GO_STACK = /\n*^goroutine \d+ \[[^\]\n]*\]:$/m;

function splitMessage(error: string): { readonly message: string; readonly stack: readonly string[] } {
  const found = GO_STACK.exec(error);
  if (found === null) return { message: error, stack: [] };
  return { message: error.slice(0, found.index), stack: error.slice(found.index).trim().split('\n').slice(1) };
}
