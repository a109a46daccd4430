/**
 * `tsworker web user` and `tsworker web token`: print lines for the users file to standard output, so that they can be
 * appended.
 */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { tokenLine, userLine } from '../../../dashboard/guard/users.js';
import { type Call, EXIT } from '../../command.js';
import { say } from '../../io.js';
import type { WebFlags } from './definition.js';

export async function user({ words, flags, io }: Call<WebFlags>): Promise<number> {
  if (io.interactive) io.err(`password of ${words[0]}: `);
  const password = await firstLine(io.input, io.interactive);
  if (io.interactive) io.err('\n');
  io.out(`${await userLine(words[0], flags.role ?? 'viewer', password)}\n`);
  return EXIT.fine;
}

export async function token({ words, flags, io }: Call<WebFlags>): Promise<number> {
  const { token: made, line } = tokenLine(words[0], flags.role ?? 'viewer');
  say(io, `the token, shown only now: ${made}`);
  say(io, 'send it as Authorization: Bearer <token>; append the line to the file of -web-users');
  io.out(`${line}\n`);
  return EXIT.fine;
}

/** On a terminal the input is not echoed. */
async function firstLine(input: Call['io']['input'], isTerminal: boolean): Promise<string> {
  const output = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output, terminal: isTerminal });
  try {
    return await new Promise((resolve) => {
      lines.once('line', resolve);
      lines.once('close', () => resolve(''));
    });
  } finally {
    lines.close();
  }
}
