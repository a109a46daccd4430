/** Why a job module did not load, in words: the file, the reason, the line, what to try. Knows no loader. */
import { TsworkerError } from '../errors.js';
import type { ModuleFile } from './files.js';

/** The error for whatever an import threw; an error of ours that names no file yet is given one. */
export function loadProblem(file: ModuleFile, thrown: unknown): TsworkerError {
  const reason = reasonOf(thrown);
  const line = lineIn(file, thrown);
  const at = line === undefined || reason.includes(line) ? '' : ` (at ${line})`;
  return new TsworkerError('JOBS', `the job module ${file.name} does not load: ${reason}${at}`, {
    hint: whatToTry(file, thrown, reason),
    cause: thrown,
  });
}

function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return `it threw ${typeof thrown === 'string' ? thrown : typeof thrown}`;
  // Node adds the stack of requires to the message, jiti the place on a line of its own.
  const text = thrown.message.replace(/\nRequire stack:[\s\S]*$/, '').replace(/\s*\n\s*/g, ' ');
  return thrown.name === 'Error' || thrown.name === 'TsworkerError' ? text : `${thrown.name}: ${text}`;
}

/** The first stack line inside the file, as `path:line:column` or `path:line`. */
function lineIn(file: ModuleFile, thrown: unknown): string | undefined {
  const stack = thrown instanceof Error && typeof thrown.stack === 'string' ? thrown.stack : '';
  const at = stack.indexOf(`${file.path}:`);
  const place = at === -1 ? null : /^\d+(:\d+)?/.exec(stack.slice(at + file.path.length + 1));
  return place === null ? undefined : `${file.path}:${place[0]}`;
}

function whatToTry(file: ModuleFile, thrown: unknown, reason: string): string {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  if (thrown instanceof TsworkerError && thrown.hint !== undefined) return thrown.hint;
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
