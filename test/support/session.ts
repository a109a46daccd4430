/** Terminal sessions in the pages: commands after a `$`, their output, and its comparison with another run. */

export interface Command {
  readonly line: string;
  /** A line of `…` stands for any number of lines. */
  readonly output: string;
}

/** The commands of the block below the comment that names the session. */
export function sessionOf(pages: string, name: string): readonly Command[] {
  const [, ...found] = pages.split(`<!-- session: ${name} -->\n`);
  const block = /^```\n([\s\S]*?)^```$/m.exec(found[0] ?? '')?.[1];
  if (found.length !== 1 || block === undefined) throw new Error(`the pages must have one session ${name}`);
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((text) => {
      const [line, ...output] = text.split('\n');
      return { line, output: output.join('\n').trim() };
    });
}

const SHORT_ID = /\b[0-9a-f]{7}\b/g;

/** Maps ids of entries in the pages to those of this run, in the order in which both show them. */
export function pairIds(shown: string, printed: string): ReadonlyMap<string, string> {
  const now = printed.match(SHORT_ID) ?? [];
  return new Map((shown.match(SHORT_ID) ?? []).map((id, i) => [id, now[i]]));
}

/** Removes everything that differs between runs: ids, times, numbers, places, the width of columns. */
export function comparable(text: string): string {
  return text
    .replace(/\b[0-9a-f]{40}\b/g, 'ID')
    .replace(SHORT_ID, 'ID')
    .replace(/\b(?:redis|unix):\/\/[^\s,]+/g, 'URI')
    .replace(/\S+\.ts:\d+-\d+:/g, 'WORKER:')
    .replace(/\((?:file:\/\/)?\/\S*?(\w+\.\w+:)/g, '($1')
    .replace(/\d[\d,.]*[smhd]?( \d+[smhd])?/g, '#')
    .replace(/[ \t]+/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .join('\n')
    .trim();
}

/** The text as a pattern in which `…` stands for any lines. */
export function patternOf(output: string): RegExp {
  const lines = comparable(output)
    .split('\n')
    .map((line) => (line === '…' ? '[\\s\\S]*?' : line.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')));
  return new RegExp(`^${lines.join('\n')}$`);
}
