/** Text in two columns, the right one wrapped to the width. Pure. */

type Row = readonly [left: string, right: string];

/** @param most entries that are wider do not widen the left column */
export function twoColumns(rows: readonly Row[], width: number, most = Number.POSITIVE_INFINITY): string {
  const left = Math.max(...rows.map(([{ length }]) => (length <= most ? length : 0))) + 2;
  const lines = rows.flatMap(([name, text]) =>
    wrapped(text, Math.max(20, width - left)).map((line, i) => ((i === 0 ? name : '').padEnd(left) + line).trimEnd()),
  );
  return lines.join('\n');
}

/** At blanks; a word that is longer than the width is not broken. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines[lines.length - 1];
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
