/** Tables for people, at most as wide as the terminal. */

import { harmless } from '../terminal-text.js';
import { type Column, type Fitted, fitColumns, GAP, truncated, widthOf } from './columns.js';
import type { Io } from './io.js';
import { type Paint, styleOf } from './style.js';

/** Control characters in text from outside are replaced; `paint` colours it afterwards. */
export type Cell = string | { readonly text: string; readonly paint: Paint };

/**
 * Longer cells are only complete in `-json`: a class or an argument may be a megabyte, and every row gets the same
 * width.
 */
const MOST_CELL = 1000;

/**
 * Columns without rules, easy to read and to grep: on a terminal cut to its width, one line a row; elsewhere complete,
 * except for huge cells.
 */
export function listed(all: readonly Column[], rows: readonly (readonly Cell[])[], io: Io): string {
  const texts = rows.map((row) => row.map((cell) => short(typeof cell === 'string' ? cell : cell.text)));
  const fitted = fitColumns(all, texts, io.terminal ? io.columns : Number.POSITIVE_INFINITY);
  const { bold } = styleOf(io);
  const head = fitted.map((column) => padded(all[column.at].head, column, all, bold));
  const lines = texts.map((row, r) =>
    fitted.map((column) => padded(row[column.at], column, all, paintOf(rows[r][column.at]))),
  );
  return [head, ...lines].map((cells) => `${cells.join(GAP).trimEnd()}\n`).join('');
}

/** Cut first, so that nothing processes the whole text. */
function short(text: string): string {
  return harmless(text.length > MOST_CELL ? `${text.slice(0, MOST_CELL)}…` : text);
}

function paintOf(cell: Cell): Paint {
  return typeof cell === 'string' ? (text) => text : cell.paint;
}

function padded(text: string, { at, width }: Fitted, all: readonly Column[], paint: Paint): string {
  const shown = truncated(text, width);
  const blanks = ' '.repeat(width - widthOf(shown));
  return all[at].align === 'right' ? blanks + paint(shown) : paint(shown) + blanks;
}

/** The properties of one item, one line each, at most `room` columns wide. */
export function fields(
  pairs: readonly (readonly string[])[],
  io: Pick<Io, 'colour'>,
  room = Number.POSITIVE_INFINITY,
): string {
  const { bold } = styleOf(io);
  const width = Math.max(...pairs.map(([name]) => name.length));
  const line = ([name, value]: readonly string[]) =>
    `${bold(name.padEnd(width))}${GAP}${truncated(harmless(value), room - width - GAP.length)}\n`;
  return pairs.map(line).join('');
}
