/** Samples → the text that Prometheus scrapes. The one door to prom-client. */
import { AggregatorRegistry, type PrometheusContentType, Registry } from 'prom-client';
import { FAMILIES, type Family, type FamilyName } from './families.js';
import type { Tally } from './tally.js';
import type { Sample } from './totals.js';

export const CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/** One line of the text, in prom-client's form. */
interface Value {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** Every family is written, in the order of the table, also one that has no value (yet). */
export async function expose(samples: Iterable<Sample>): Promise<string> {
  const values = new Map<FamilyName, Value[]>();
  for (const name of NAMES) values.set(name, []);
  for (const { family, labels, value } of samples) {
    const lines = values.get(family);
    if (typeof value === 'number') lines?.push({ metricName: family, labels, value });
    else lines?.push(...histogramValues(family, labels, value));
  }
  const metrics = NAMES.map((name) => {
    const { help, type }: Family = FAMILIES[name];
    return { name, help, type, values: values.get(name) ?? [], aggregator: 'sum' };
  });
  // What prom-client has for figures that were counted elsewhere: here there is one source, and nothing to sum up.
  return await AggregatorRegistry.aggregate<PrometheusContentType>([metrics]).metrics();
}

const NAMES = Object.keys(FAMILIES) as FamilyName[];

function* histogramValues(name: FamilyName, labels: Value['labels'], { buckets, sum }: Tally): Generator<Value> {
  const { bounds = [] }: Family = FAMILIES[name];
  let count = 0;
  for (let i = 0; i < buckets.length; i++) {
    count += buckets[i];
    yield { metricName: `${name}_bucket`, labels: { le: bounds[i] ?? '+Inf', ...labels }, value: count };
  }
  yield { metricName: `${name}_sum`, labels, value: sum };
  yield { metricName: `${name}_count`, labels, value: count };
}
