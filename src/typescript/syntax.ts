/** Finds the syntax error of a JavaScript file. Node reports the position only when it ends the process. */
import { readFile } from 'node:fs/promises';
import { createJiti } from 'jiti';
import { CompileError } from './compile-error.js';

/** @returns undefined if the file has none */
export async function findSyntaxError(file: string): Promise<CompileError | undefined> {
  const jiti = createJiti(file, { interopDefault: false, fsCache: false });
  const code = jiti.transform({ source: await readFile(file, 'utf8'), filename: file, async: true });
  const told = /^exports\.__JITI_ERROR__ = (\{.*\})/.exec(code)?.[1];
  if (told === undefined) return undefined;
  const { line, column, message } = JSON.parse(told) as { line: number; column: number; message: string };
  return new CompileError(`SyntaxError: ${message.trim()}`, file, [line, column + 1], 'Correct the syntax.');
}
