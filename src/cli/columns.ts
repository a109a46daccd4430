/** Which columns of a table fit, and how wide each of them is. Pure. */
import stringWidth from 'string-width';

export interface Column {
  readonly head: string;
  readonly align?: 'left' | 'right';
  /** Cut where the terminal is too narrow: the column with the highest number first. 0, the default: never. */
  readonly give?: number;
  /** Not cut below this. Default 6, or what the heading needs. */
  readonly least?: number;
  /** Left out where the terminal is too narrow even for cut columns: the highest number first. 0, the default: never. */
  readonly drop?: number;
}

/** Between two columns. */
export const GAP = '  ';
const NARROWEST = 6;

export interface Fitted {
  /** Which column. */
  readonly at: number;
  readonly width: number;
  readonly least: number;
}

/** The columns that are shown, and how wide; cut and left out so that all of them take `room` at most, where that can be. */
export function fitColumns(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  room: number,
): readonly Fitted[] {
  const wanted = columns.map(({ head, give = 0, least = NARROWEST }, at): Fitted => {
    const width = rows.reduce((widest, row) => Math.max(widest, widthOf(row[at])), Math.max(1, head.length));
    return { at, width, least: give === 0 ? width : Math.min(width, Math.max(least, head.length)) };
  });
  return cut(columns, dropped(columns, wanted, room), room);
}

function dropped(columns: readonly Column[], wanted: readonly Fitted[], room: number): readonly Fitted[] {
  const dropOf = ({ at }: Fitted) => columns[at].drop ?? 0;
  let kept = wanted;
  for (const one of [...wanted].sort((a, b) => dropOf(b) - dropOf(a)))
    if (dropOf(one) > 0 && widthOfAll(kept, 'least') > room) kept = kept.filter((other) => other !== one);
  return kept;
}

function cut(columns: readonly Column[], kept: readonly Fitted[], room: number): readonly Fitted[] {
  let over = widthOfAll(kept, 'width') - room;
  const widths = new Map<Fitted, number>();
  for (const one of [...kept].sort((a, b) => (columns[b.at].give ?? 0) - (columns[a.at].give ?? 0))) {
    const taken = Math.max(0, Math.min(over, one.width - one.least));
    widths.set(one, one.width - taken);
    over -= taken;
  }
  return kept.map((one) => ({ ...one, width: widths.get(one) ?? one.width }));
}

function widthOfAll(columns: readonly Fitted[], which: 'width' | 'least'): number {
  return columns.reduce((sum, one) => sum + one[which], GAP.length * Math.max(0, columns.length - 1));
}

/** Columns of a terminal that a text takes. Most text is plain, and quicker measured. */
export function widthOf(text: string): number {
  return PLAIN.test(text) ? text.length : stringWidth(text);
}

const PLAIN = /^[ -~]*$/;

/** The text, or as much of its beginning as leaves room for a `…`. */
export function truncated(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = '';
  let taken = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    taken += widthOf(segment);
    if (taken > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}
