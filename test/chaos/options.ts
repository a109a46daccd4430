/** The command line of the suite. */
import { parseArgs } from 'node:util';
import { MEASURES } from './measures/all.js';
import { SCENARIOS } from './scenarios/all.js';

export interface SuiteOptions {
  readonly scenarios: readonly string[];
  readonly seed: number;
  readonly seeds: number;
  readonly jobs: number | undefined;
  readonly short: boolean;
  readonly peer: string | undefined;
  readonly measures: readonly string[];
}

const lines = (items: readonly { name: string; about: string }[]) =>
  items.map(({ name, about }) => `  ${name.padEnd(18)}${about}`).join('\n');

export const HELP = `npm run chaos -- [flags]

Breaks real daemons and real Redis servers in every way we know, and counts the jobs: none may be lost, none counted twice.

  --scenario NAME     only this one; may be repeated
  --seed N            the first seed: with one that was printed, the same decisions again
  --seeds N           how many seeds, one after the other (1)
  --jobs N            this many jobs in each scenario, instead of its own number
  --short             fewer jobs, seconds instead of minutes
  --peer node-resque  the kill scenario against the npm package node-resque instead
  --measure NAME      how soon work goes on (or all) instead; may be repeated

Scenarios:
${lines(SCENARIOS)}

Measures:
${lines(MEASURES)}
`;

/** @returns undefined where only the help was asked for */
export function readOptions(argv: readonly string[]): SuiteOptions | undefined {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      scenario: { type: 'string', multiple: true, default: [] },
      seed: { type: 'string' },
      seeds: { type: 'string' },
      jobs: { type: 'string' },
      short: { type: 'boolean', default: false },
      peer: { type: 'string' },
      measure: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  const { peer } = values;
  if (peer !== undefined && peer !== 'node-resque') throw new Error(`unknown peer ${peer}; there is node-resque`);
  return {
    scenarios: known('scenario', values.scenario, SCENARIOS),
    seed: positive('seed', values.seed) ?? 1 + Math.floor(Math.random() * 1_000_000),
    seeds: positive('seeds', values.seeds) ?? 1,
    jobs: positive('jobs', values.jobs),
    short: values.short,
    peer,
    measures: values.measure.length === 0 ? [] : known('measure', values.measure, MEASURES),
  };
}

/** All of them where none is named. */
function known(flag: string, names: readonly string[], items: readonly { name: string }[]): readonly string[] {
  const all = items.map(({ name }) => name);
  if (names.length === 0 || names.includes('all')) return all;
  const unknown = names.find((name) => !all.includes(name));
  if (unknown !== undefined) throw new Error(`unknown ${flag} ${unknown}; there are ${all.join(', ')}`);
  return names;
}

function positive(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`--${name} takes a positive number, not ${JSON.stringify(text)}`);
  return Number(text);
}
