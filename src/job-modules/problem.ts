/** Why a job module did not load, in words: the file, the reason, the line, what to try. Knows no loader. */
import { TsworkerError } from '../errors.js';
import { asError, type CaughtError } from '../thrown.js';
import type { ModuleFile } from './files.js';

/** The error for whatever an import threw; an error of ours that names no file yet is given one. */
export function loadProblem(file: ModuleFile, thrown: unknown): TsworkerError {
  const error = asError(thrown);
  const reason = reasonOf(error);
  const line = lineIn(file, error);
  const at = line === undefined || reason.includes(line) ? '' : ` (at ${line})`;
  return new TsworkerError('JOBS', `the job module ${file.name} does not load: ${reason}${at}`, {
    hint: whatToTry(file, error, reason),
    cause: error,
  });
}

function reasonOf({ name, message }: CaughtError): string {
  // Node adds the stack of requires to the message, jiti the place on a line of its own.
  const text = message.replace(/\nRequire stack:[\s\S]*$/, '').replace(/\s*\n\s*/g, ' ');
  return name === 'Error' || name === 'TsworkerError' ? text : `${name}: ${text}`;
}

/** The first stack line inside the file, as `path:line:column` or `path:line`. */
function lineIn(file: ModuleFile, { stack = '' }: CaughtError): string | undefined {
  const at = stack.indexOf(`${file.path}:`);
  const place = at === -1 ? null : /^\d+(:\d+)?/.exec(stack.slice(at + file.path.length + 1));
  return place === null ? undefined : `${file.path}:${place[0]}`;
}

function whatToTry(file: ModuleFile, error: CaughtError, reason: string): string {
  const { code, hint } = error as { code?: unknown; hint?: unknown };
  // One of ours: register() and its like say what would be right.
  if (error.name === 'TsworkerError' && typeof hint === 'string') return hint;
  const missing = /Cannot find (?:module|package) '([^']+)'/.exec(reason)?.[1];
  if (missing === 'tsworker') {
    return 'A JavaScript module needs tsworker in its own project: npm install tsworker (a .ts module does not).';
  }
  if (missing !== undefined && (code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND')) {
    if (/^[./]|^file:/.test(missing)) return 'Correct the path of the import.';
    const parts = missing.split('/').slice(0, missing.startsWith('@') ? 2 : 1);
    return `Install it: npm install ${parts.join('/')}`;
  }
  // Node keeps the place of a syntax error to itself until it prints it.
  if (reason.startsWith('SyntaxError')) return `Correct the syntax; this shows the line: node --check ${file.name}`;
  if (reason.includes('ParseError')) return 'Correct the syntax.';
  return 'Correct the module, or begin its name with _ if it is no job module.';
}
