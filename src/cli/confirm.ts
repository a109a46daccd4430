/** Asks before what cannot be taken back. Knows no command. */
import { createInterface } from 'node:readline/promises';
import { TsworkerError } from '../errors.js';
import { harmless } from '../terminal-text.js';
import type { Io } from './io.js';

/**
 * @param question without the answers: `remove 3 jobs`
 * @param yes `--yes` was given: nobody is asked
 * @returns whether it may be done
 * @throws TsworkerError USAGE where nobody can be asked
 */
export async function confirm(io: Io, question: string, yes: boolean | undefined): Promise<boolean> {
  if (yes) return true;
  if (!io.interactive) {
    throw new TsworkerError('USAGE', `${question}: not a terminal: pass --yes to confirm`);
  }
  return /^y(es)?$/i.test((await ask(io, `${harmless(question)}? [y/N] `)).trim());
}

/** What is typed up to the line's end; nothing where the input ends, or Ctrl-C is pressed. */
async function ask(io: Io, question: string): Promise<string> {
  io.err(question);
  const lines = createInterface({ input: io.input, terminal: false });
  try {
    for await (const line of lines) return line;
    io.err('\n');
    return '';
  } finally {
    lines.close();
  }
}
