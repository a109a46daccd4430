/** Formats samples as the text that Prometheus scrapes (exposition format 0.0.4). Pure. */
import { FAMILIES, type Family, type FamilyName } from './families.js';
import type { HistogramCounts } from './histogram.js';
import type { Sample } from './totals.js';

export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

type Labels = Readonly<Record<string, string | number>>;

/** All families are written, in the order of the table, also those without a value. */
export function expose(samples: Iterable<Sample>): string {
  const lines = new Map(NAMES.map((name) => [name, headOf(name)]));
  for (const { family, labels, value } of samples) {
    const own = lines.get(family);
    if (typeof value === 'number') own?.push(line(family, labels, value));
    else own?.push(...histogramLines(family, labels, value));
  }
  return [...lines.values()].map((some) => `${some.join('\n')}\n`).join('\n');
}

const NAMES = Object.keys(FAMILIES) as FamilyName[];

function headOf(name: FamilyName): string[] {
  const { help, type }: Family = FAMILIES[name];
  return [`# HELP ${name} ${escaped(help)}`, `# TYPE ${name} ${type}`];
}

function* histogramLines(name: FamilyName, labels: Labels, { buckets, sum }: HistogramCounts): Generator<string> {
  const { bounds = [] }: Family = FAMILIES[name];
  let count = 0;
  for (let i = 0; i < buckets.length; i++) {
    count += buckets[i];
    yield line(`${name}_bucket`, { le: bounds[i] ?? '+Inf', ...labels }, count);
  }
  yield line(`${name}_sum`, labels, sum);
  yield line(`${name}_count`, labels, count);
}

function line(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escaped(String(text)).replaceAll('"', '\\"')}"`);
  // All are finite: counts, sums of times, sizes.
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
