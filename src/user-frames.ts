/**
 * Selects the lines of a stack that help the author of the job: not those of this package, its module loader and Node
 * itself. Pure.
 */
import { fileURLToPath } from 'node:url';
import * as globals from './globals.js';
import { CODE_FOLDER } from './package-files.js';

const OURS_IN = fileURLToPath(CODE_FOLDER);
/** Another copy of the package, from which a job module imported `job()`, and the TypeScript loader. */
const OURS = /[/\\]node_modules[/\\](?:tsworker[/\\]dist|jiti)[/\\]|\(?node:/;
const FRAME = /^\s+at /;
/** `at new Promise (<anonymous>)`, `at async Promise.all (index 0)`: without a file, so they belong to the frame below. */
const NOWHERE = /\((?:<anonymous>|index \d+|native)\)$/;
/** For TypeScript compiled at load the line is right, and the column is not. */
const TYPESCRIPT_COLUMN = /(\.[cm]?ts:\d+):\d+/;

/**
 * The stack with only the user's frames; other lines stay. If no frame is the user's, the first one stays: it says where
 * the error was created.
 */
export function userFrames(stack: string): string {
  const lines = stack.split('\n');
  const frames = lines.filter((line) => FRAME.test(line));
  const last = frames.findLast(isInUserFile);
  const kept = new globals.Set(last === undefined ? frames.slice(0, 1) : frames.slice(0, frames.lastIndexOf(last) + 1));
  return lines
    .filter((line) => !FRAME.test(line) || (kept.has(line) && (last === undefined || !isOurs(line))))
    .map((line) => (FRAME.test(line) ? line.replace(TYPESCRIPT_COLUMN, '$1') : line))
    .join('\n');
}

function isInUserFile(frame: string): boolean {
  return !isOurs(frame) && !NOWHERE.test(frame);
}

function isOurs(frame: string): boolean {
  return frame.includes(OURS_IN) || OURS.test(frame);
}
