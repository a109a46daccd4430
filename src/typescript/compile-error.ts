/** The error of a file that cannot be compiled, with the line and column in the file. */
import { readFileSync } from 'node:fs';

/** `message` contains only the reason. */
export class CompileError extends Error {
  override readonly name = 'CompileError';
  readonly file: string;
  /** From 1; 0 if the compiler does not know it. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** How to fix it. */
  readonly hint: string;

  constructor(message: string, file: string, [line, column]: readonly [number, number], hint: string) {
    super(message);
    this.file = file;
    this.line = line;
    this.column = column;
    this.hint = hint;
  }

  /** `/app/jobs/a.ts:2:5` */
  get position(): string {
    return this.line === 0 ? this.file : `${this.file}:${this.line}:${this.column}`;
  }

  /** `/app/jobs/a.ts:2:5, in "return 1 +;"`: the code on the line follows, in one line. */
  get place(): string {
    const text = this.line === 0 ? '' : lineOf(this.file, this.line);
    return `${this.position}${text === '' ? '' : `, in "${text}"`}`;
  }
}

const MAX_LINE = 120;

function lineOf(file: string, line: number): string {
  try {
    const text = (readFileSync(file, 'utf8').split('\n')[line - 1] ?? '').trim();
    return text.length > MAX_LINE ? `${text.slice(0, MAX_LINE)}…` : text;
  } catch {
    return '';
  }
}

/** jiti has all of it in the message: `ParseError: Unexpected token \n /app/jobs/a.ts:2:4`, with columns from 0. */
const TOLD = /^([A-Z]\w+): ([\s\S]*?)\s*\n (.+):(\d+):(\d+)$/;
const DECORATOR = 'DecoratorError';

export function asCompileError(thrown: unknown): CompileError | undefined {
  const told = thrown instanceof Error ? TOLD.exec(thrown.message) : null;
  if (told === null) return undefined;
  const [, code, reason, file, line, column] = told;
  const at = [Number(line), Number(column) + 1] as const;
  if (code !== DECORATOR) return new CompileError(`SyntaxError: ${reason}`, file, at, 'Correct the syntax.');
  return new CompileError(
    'decorators are not supported in TypeScript that tsworker compiles itself',
    file,
    at,
    COMPILE,
  );
}

const COMPILE =
  'Compile the project first (tsc, swc, esbuild), and name the JavaScript: -jobs=dist/jobs. Or keep decorated classes out of it.';

interface Node {
  readonly loc: { readonly start: { readonly line: number; readonly column: number } };
  readonly decorators?: readonly Node[] | null;
}
interface Compiled {
  readonly path: { traverse(visitor: Readonly<Record<string, (path: { readonly node: Node }) => void>>): void };
}

/**
 * A plugin for jiti's compiler, which supports only legacy decorators, and incorrectly: a method decorator gets no
 * descriptor, and a decorated field throws when an object is created. So decorators are an error at load.
 */
export function refuseDecorators(): { pre(file: Compiled): void } {
  const refuse = (node: Node | undefined): void => {
    if (node !== undefined) throw Object.assign(new Error('decorator'), { code: DECORATOR, loc: node.loc.start });
  };
  return {
    pre(file) {
      file.path.traverse({
        Decorator: ({ node }) => refuse(node),
        // The traversal does not visit the decorators of `constructor(@inject() readonly x)`.
        TSParameterProperty: ({ node }) => refuse(node.decorators?.[0]),
      });
    },
  };
}
