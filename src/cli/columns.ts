/** Which columns of a table fit, and the width of each. Pure. */
import stringWidth from 'string-width';

export interface Column {
  readonly head: string;
  readonly align?: 'left' | 'right';
  /** Priority for being cut if the terminal is too narrow: the highest number first. 0, the default: never cut. */
  readonly give?: number;
  /** Minimum width. Default 6, or the width of the heading. */
  readonly least?: number;
  /**
   * Priority for being left out if the terminal is too narrow even after cutting: the highest number first. 0, the
   * default: never.
   */
  readonly drop?: number;
}

/** Separates two columns. */
export const GAP = '  ';
const NARROWEST = 6;

export interface Fitted {
  /** Index of the column. */
  readonly at: number;
  readonly width: number;
  readonly least: number;
}

/** The columns to show, with their widths: cut and left out so that they fit into `room` columns if possible. */
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

/** Width of a text in terminal columns. Most text is ASCII, which is measured faster. */
export function widthOf(text: string): number {
  return PLAIN.test(text) ? text.length : stringWidth(text);
}

const PLAIN = /^[ -~]*$/;

/** The text, or its beginning and a `…` if it is too wide. */
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
