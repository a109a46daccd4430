/** Tables for people, as wide as the terminal at most. The door to cli-table3 for commands. Knows no command. */
import Table from 'cli-table3';
import { type Column, fitColumns, GAP } from './columns.js';
import type { Io } from './io.js';
import { harmless, type Paint, styleOf } from './style.js';

/** Rows with a rule around them, cells that wrap at the given widths. */
export function boxed(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  widths: readonly number[],
): string {
  const table = new Table({
    head: [...head],
    colWidths: [...widths],
    wordWrap: true,
    wrapOnWordBoundary: false,
    // No rules between the rows: the table would be twice as long as a terminal.
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
    style: { head: [], border: [] },
  });
  table.push(...rows.map((row) => [...row]));
  return `${table.toString()}\n`;
}

/** Text from outside is made harmless; `paint` colours it afterwards. */
export type Cell = string | { readonly text: string; readonly paint: Paint };

/**
 * Columns without rules, easy to read and to grep: on a terminal cut down to its width, one line a row; elsewhere whole.
 */
export function listed(all: readonly Column[], rows: readonly (readonly Cell[])[], io: Io): string {
  const texts = rows.map((row) => row.map((cell) => harmless(typeof cell === 'string' ? cell : cell.text)));
  const fitted = fitColumns(all, texts, io.terminal ? io.columns : Number.POSITIVE_INFINITY);
  const columns = fitted.map(({ at }) => all[at]);
  const widths = fitted.map(({ width }) => width);
  const { bold } = styleOf(io);
  const cells = texts.map((row, r) => fitted.map(({ at }) => painted(rows[r][at], row[at])));
  const parts = [grid(columns, widths, [columns.map(({ head }) => bold(head))])];
  // The time that a table takes grows with the square of its rows: 10,000 at once took 18 s.
  for (let first = 0; first < cells.length; first += PART)
    parts.push(grid(columns, widths, cells.slice(first, first + PART)));
  return parts.join('');
}

const PART = 100;

function grid(columns: readonly Column[], widths: readonly number[], rows: readonly string[][]): string {
  const table = new Table({
    colWidths: [...widths],
    colAligns: columns.map(({ align = 'left' }) => align),
    chars: { ...NO_RULES, middle: GAP },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  table.push(...rows);
  return table.toString().replace(/ *$/gm, '').concat('\n');
}

function painted(cell: Cell, text: string): string {
  return typeof cell === 'string' ? text : cell.paint(text);
}

const NO_RULES = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'],
  ].map((name) => [name, '']),
);

/** What there is to say about one thing, one line each. */
export function fields(pairs: readonly (readonly string[])[], io: Pick<Io, 'colour'>): string {
  const { bold } = styleOf(io);
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${bold(name.padEnd(width))}${GAP}${harmless(value)}\n`).join('');
}
