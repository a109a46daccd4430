/** Asks for confirmation before an action that cannot be undone. */
import { createInterface } from 'node:readline/promises';
import { TsworkerError } from '../errors.js';
import { harmless } from '../terminal-text.js';
import type { Io } from './io.js';

/**
 * @param question without the answers: `remove 3 jobs`
 * @param yes `--yes` was given: does not ask
 * @returns whether to go on
 * @throws TsworkerError USAGE if there is no terminal to ask on
 */
export async function confirm(io: Io, question: string, yes: boolean | undefined): Promise<boolean> {
  if (yes) return true;
  if (!io.interactive) {
    throw new TsworkerError('USAGE', `${question}: not a terminal: pass --yes to confirm`);
  }
  return /^y(es)?$/i.test((await ask(io, `${harmless(question)}? [y/N] `)).trim());
}

/** The typed line; '' if the input ends or Ctrl-C is pressed. */
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
