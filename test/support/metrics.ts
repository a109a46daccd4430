/** The text of /metrics, parsed as Prometheus does. */

export interface Scraped {
  /** By family: its type. */
  readonly types: ReadonlyMap<string, string>;
  /** The sum of all series of a name that have these labels. */
  sum(name: string, labels?: Readonly<Record<string, string>>): number;
  /** The label sets of a name. */
  series(name: string): readonly Readonly<Record<string, string>>[];
  readonly names: readonly string[];
}

interface Line {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** @throws if a line is not valid in the text format */
export function parseMetrics(text: string): Scraped {
  const types = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]));
  const lines = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(parseLine);
  const having = (name: string, labels: Readonly<Record<string, string>>) =>
    lines.filter(
      (line) => line.name === name && Object.entries(labels).every(([key, value]) => line.labels[key] === value),
    );
  return {
    types,
    names: [...new Set(lines.map(({ name }) => name))],
    sum: (name, labels = {}) => having(name, labels).reduce((sum, { value }) => sum + value, 0),
    series: (name) => having(name, {}).map(({ labels }) => labels),
  };
}

function parseLine(line: string): Line {
  const parts = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/s.exec(line);
  const value = Number(parts?.[3] === '+Inf' ? Number.POSITIVE_INFINITY : parts?.[3]);
  if (parts === null || Number.isNaN(value)) throw new Error(`no line of the text format: ${line}`);
  const labels = [...(parts[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"(?:,|$)/gs)];
  return { name: parts[1], labels: Object.fromEntries(labels.map(([, key, text]) => [key, unescaped(text)])), value };
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char));
}
