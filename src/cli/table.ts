/** Tables for people, as wide as the terminal at most. The door to cli-table3 for commands. Knows no command. */
import Table from 'cli-table3';
import stringWidth from 'string-width';
import type { Io } from './io.js';
import { harmless, type Paint, styleOf } from './style.js';

export interface Column {
  readonly head: string;
  readonly align?: 'left' | 'right';
  /** Cut where the terminal is too narrow: the column with the highest number first. 0, the default: never. */
  readonly give?: number;
}

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

const NARROWEST = 6;
const GAP = '  ';

/**
 * Columns without rules, easy to read and to grep: on a terminal cut down to its width, one line a row; elsewhere whole.
 */
export function listed(columns: readonly Column[], rows: readonly (readonly Cell[])[], io: Io): string {
  const texts = rows.map((row) => row.map((cell) => harmless(typeof cell === 'string' ? cell : cell.text)));
  const { bold } = styleOf(io);
  const table = new Table({
    head: columns.map(({ head }) => bold(head)),
    colWidths: widthsFor(columns, texts, io.terminal ? io.columns : Number.POSITIVE_INFINITY),
    colAligns: columns.map(({ align = 'left' }) => align),
    chars: { ...NO_RULES, middle: GAP },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  table.push(...texts.map((row, r) => row.map((text, c) => painted(rows[r][c], text))));
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

function widthsFor(columns: readonly Column[], rows: readonly (readonly string[])[], room: number): number[] {
  const widths = columns.map(({ head }, c) =>
    rows.reduce((widest, row) => Math.max(widest, widthOf(row[c])), Math.max(1, head.length)),
  );
  let over = widths.reduce((sum, width) => sum + width, 0) + GAP.length * (columns.length - 1) - room;
  const givers = columns.map(({ give = 0 }, at) => ({ give, at })).filter(({ give }) => give > 0);
  for (const { at } of givers.sort((a, b) => b.give - a.give)) {
    if (over <= 0) break;
    const taken = Math.min(over, Math.max(0, widths[at] - Math.max(NARROWEST, columns[at].head.length)));
    widths[at] -= taken;
    over -= taken;
  }
  return widths;
}

/** As the table measures it; most text is plain, and quicker measured. */
function widthOf(text: string): number {
  return /^[ -~]*$/.test(text) ? text.length : stringWidth(text);
}
