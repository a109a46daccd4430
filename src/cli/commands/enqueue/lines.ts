/**
 * Splits a stream of bytes into lines; holds one line and one chunk in memory. Only a line feed ends a line: the other
 * separators of Node may occur in a JSON text.
 */
import { TsworkerError } from '../../../errors.js';

export interface Line {
  /** Counted from 1. */
  readonly number: number;
  /** Without the line feed. */
  readonly bytes: Buffer;
}

const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const LONGEST = 64 * 1024 * 1024;

/** @throws TsworkerError PAYLOAD if a line is too long */
export async function* linesOf(chunks: AsyncIterable<Buffer | string>): AsyncGenerator<Line> {
  let parts: Buffer[] = [];
  let size = 0;
  let number = 1;
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk as Buffer);
    let from = 0;
    for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, from)) {
      yield { number: number++, bytes: withoutReturn(Buffer.concat([...parts, bytes.subarray(from, end)])) };
      parts = [];
      size = 0;
      from = end + 1;
    }
    size += bytes.length - from;
    parts.push(bytes.subarray(from));
    if (size > LONGEST) throw new TsworkerError('PAYLOAD', `line ${number} is longer than 64 MB`);
  }
  const last = Buffer.concat(parts);
  if (last.length > 0) yield { number, bytes: withoutReturn(last) };
}

function withoutReturn(line: Buffer): Buffer {
  return line[line.length - 1] === RETURN ? line.subarray(0, -1) : line;
}
