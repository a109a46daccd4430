/** The error of a job module that does not load: the file, the reason, the line, and what to try. */
import path from 'node:path';
import { TsworkerError } from '../errors.js';
import { asError, type CaughtError } from '../thrown.js';
import type { CompileError } from '../typescript/compile-error.js';
import { displayName, type ModuleFile } from './files.js';
import { nearestManifest } from './import.js';

interface Problem {
  readonly reason: string;
  /** `jobs/a.ts:3`, and the code on that line. */
  readonly place?: string | undefined;
  readonly hint: string;
}

/** Converts an error of an import; a TsworkerError without a file gets one. */
export async function loadProblem(file: ModuleFile, thrown: unknown, what = 'the job module'): Promise<TsworkerError> {
  const cause = asError(thrown);
  const { reason, place, hint } = await explain(file, cause);
  const at = place === undefined ? '' : ` (at ${place})`;
  const message = `${what} ${file.name} does not load: ${reason}${at}`;
  return new TsworkerError('JOBS', message, { hint, cause });
}

async function explain(file: ModuleFile, error: CaughtError): Promise<Problem> {
  if (error.name === 'CompileError') return compileProblem(await compileError(error));
  const reason = reasonOf(error);
  const place = placeIn(file, error);
  const ownHint = error.name === 'TsworkerError' ? (error as { hint?: unknown }).hint : undefined;
  if (typeof ownHint === 'string') return { reason, place, hint: ownHint };
  const missing = missingModule(error, reason);
  if (missing !== undefined) return { reason, place, hint: await hintForMissing(file, missing) };
  if (reason.includes('xport named') || reason.includes('Named export'))
    return { reason, place, hint: 'Correct the import.' };
  // Node does not report the position of a syntax error; an error with a position in the module was thrown by its code.
  if (error.name === 'SyntaxError' && place === undefined) {
    const { findSyntaxError } = await import('../typescript/syntax.js');
    const found = await findSyntaxError(file.path);
    return found === undefined
      ? { reason, hint: 'Correct the syntax; the error is in a file that it imports.' }
      : compileProblem(found);
  }
  return { reason, place, hint: 'Correct the module, or begin its name with _ if it is no job module.' };
}

/** Compared by name: the class is loaded only with the compiler. */
async function compileError(error: CaughtError): Promise<CompileError> {
  const { file, line, column, hint } = error as Partial<CompileError>;
  const { CompileError } = await import('../typescript/compile-error.js');
  return new CompileError(error.message, file ?? '', [line ?? 0, column ?? 0], hint ?? '');
}

function compileProblem(error: CompileError): Problem {
  return { reason: error.message, place: error.place.replace(error.file, displayName(error.file)), hint: error.hint };
}

function reasonOf({ name, message }: CaughtError): string {
  // Node adds the stack of requires to the message.
  const text = message.replace(/\nRequire stack:[\s\S]*$/, '').replace(/\s*\n\s*/g, ' ');
  return name === 'Error' || name === 'TsworkerError' ? text : `${name}: ${text}`;
}

/** The first stack line inside the file: with its column, unless that is one of the compiled text. */
function placeIn(file: ModuleFile, { stack = '' }: CaughtError): string | undefined {
  const at = stack.indexOf(`${file.path}:`);
  const found = at === -1 ? null : /^\d+(:\d+)?/.exec(stack.slice(at + file.path.length + 1));
  if (found === null) return undefined;
  return `${file.name}:${/ts$/.test(file.path) ? found[0].split(':')[0] : found[0]}`;
}

function missingModule(error: CaughtError, reason: string): string | undefined {
  const code = (error as { code?: unknown }).code;
  if (code === 'ERR_PACKAGE_IMPORT_NOT_DEFINED') return /specifier "([^"]+)"/.exec(reason)?.[1];
  if (code !== 'MODULE_NOT_FOUND' && code !== 'ERR_MODULE_NOT_FOUND') return undefined;
  return /Cannot find (?:module|package) '([^']+)'/.exec(reason)?.[1];
}

/**
 * The hints never suggest to install a package with the name that was not found: it may be a path alias, and the package
 * of that name another one.
 */
async function hintForMissing(file: ModuleFile, specifier: string): Promise<string> {
  if (specifier === 'tsworker')
    return 'A JavaScript module needs tsworker in its own project: npm install tsworker (a .ts module does not).';
  if (path.isAbsolute(specifier) || /^\.|^file:/.test(specifier)) return 'Correct the path of the import.';
  const folder = path.dirname(file.path);
  const manifest = nearestManifest(folder);
  const named = manifest === undefined ? 'package.json' : displayName(manifest.path);
  if (specifier.startsWith('#')) return `Correct the import, or "imports" in ${named}, which has no file for it.`;
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  if (manifest?.dependencies.has(name)) return `${named} names ${name}, but it is not installed: run npm install.`;
  const { patternFor, tsconfigFor } = await import('../typescript/tsconfig.js');
  const tsconfig = tsconfigFor(folder);
  if (tsconfig?.problem !== undefined)
    return `The paths of ${displayName(tsconfig.path)} are not used, since it cannot be read: ${tsconfig.problem}.`;
  const pattern = tsconfig && patternFor(specifier, tsconfig);
  if (pattern === undefined)
    return `${named} names no package ${name}: add the package that is meant, or correct the import. A path alias needs "paths" in tsconfig.json.`;
  const targets = tsconfig?.paths[pattern]?.join(', ');
  const where = tsconfig === undefined ? '' : displayName(tsconfig.path);
  if (/ts$/.test(file.path))
    return `${where} maps ${pattern} to ${targets}, where there is no such file: correct either.`;
  return `${where} maps ${pattern}, but only for TypeScript: rename ${file.name} to .ts, or import by a relative path.`;
}
