/** package.json gets our scripts, and is otherwise left as somebody laid it out, to the byte. */
import { findNodeAtLocation, type Node, type ParseError, parseTree } from 'jsonc-parser';
import { TsworkerError } from '../errors.js';

/**
 * @returns the text with those scripts added that are not there, and their names; a script of the same name stays
 * @throws TsworkerError STATE where the text is no JSON object, or its scripts are none
 */
export function addScripts(text: string, scripts: Readonly<Record<string, string>>): { text: string; added: string[] } {
  const root = objectOf(text);
  const there = findNodeAtLocation(root, ['scripts']);
  if (there !== undefined && there.type !== 'object') throw refuse('"scripts" in package.json is no object');
  const added = Object.keys(scripts).filter((name) => there === undefined || !findNodeAtLocation(there, [name]));
  if (added.length === 0) return { text, added };
  const { unit, eol } = layoutOf(text);
  const entries = added.map((name) => `${JSON.stringify(name)}: ${JSON.stringify(scripts[name])}`);
  if (there !== undefined) return { text: insert(text, there, entries, { unit, eol, depth: 2 }), added };
  const inner = entries.map((entry) => `${eol}${unit}${unit}${entry}`).join(',');
  return { text: insert(text, root, [`"scripts": {${inner}${eol}${unit}}`], { unit, eol, depth: 1 }), added };
}

function objectOf(text: string): Node {
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { disallowComments: true });
  if (errors.length > 0 || root?.type !== 'object') throw refuse('package.json is no valid JSON');
  return root;
}

function refuse(message: string): TsworkerError {
  return new TsworkerError('STATE', message, { hint: 'correct it first; nothing was written' });
}

/** Behind the last entry of an object, on lines of their own; in an object that stands on one line, on that. */
function insert(
  text: string,
  { offset, length, children = [] }: Node,
  entries: readonly string[],
  { unit, eol, depth }: Layout & { readonly depth: number },
): string {
  const last = children.at(-1);
  const inline = last !== undefined && !text.slice(offset, offset + length).includes('\n');
  const gap = inline ? ' ' : `${eol}${unit.repeat(depth)}`;
  const addition = entries.map((entry) => `${gap}${entry}`).join(',');
  // An empty object has no line end before its brace.
  if (last === undefined)
    return `${text.slice(0, offset + 1)}${addition}${eol}${unit.repeat(depth - 1)}${text.slice(offset + length - 1)}`;
  const at = last.offset + last.length;
  return `${text.slice(0, at)},${addition}${text.slice(at)}`;
}

interface Layout {
  readonly unit: string;
  readonly eol: string;
}

/** The indent of the first line that has one, and the line ends of the file. */
function layoutOf(text: string): Layout {
  return { unit: /^([ \t]+)\S/m.exec(text)?.[1] ?? '  ', eol: text.includes('\r\n') ? '\r\n' : '\n' };
}
