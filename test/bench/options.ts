/** The command line of the bench. */
import { parseArgs } from 'node:util';
import { WORKLOADS } from './workloads/all.js';

export interface BenchOptions {
  readonly workloads: readonly string[];
  readonly rounds: number;
  readonly jobs: number | undefined;
  readonly quick: boolean;
  readonly json: string | undefined;
  readonly svg: string | undefined;
  readonly peers: readonly string[];
}

export const HELP = `npm run bench -- [workload …] [flags]

Runs tsworker beside its peers on a private Redis, each in a process of its own, round robin.
Workloads: ${[...WORKLOADS.keys()].join(', ')}; all of them (about 6 minutes) unless named.

  --quick             no-op jobs at concurrency 25 against BullMQ and node-resque: half a minute
  --rounds N          rounds of the interleaved runs (3); a third of them where a run takes long
  --jobs N            at most N jobs in a run, for a quick look
  --json FILE         also write all figures, with machine and versions
  --svg FILE          also draw the throughput
  --peer NAME=COMMAND also run this daemon, whose jobs are Resque's and which knows the class Noop; may be repeated.
                      {uri} {socket} {queues} {concurrency} in the command, BENCH_URI … in its environment
`;

/** @returns undefined where only the help was asked for */
export function readOptions(argv: readonly string[]): BenchOptions | undefined {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      rounds: { type: 'string' },
      jobs: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      svg: { type: 'string' },
      peer: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  const { quick, json, svg, peer: peers } = values;
  const unknown = positionals.find((name) => !WORKLOADS.has(name));
  if (unknown !== undefined)
    throw new Error(`unknown workload ${unknown}; there are ${[...WORKLOADS.keys()].join(', ')}`);
  const all = quick ? ['throughput'] : [...WORKLOADS.keys()];
  return {
    workloads: positionals.length > 0 ? positionals : all,
    rounds: positive('rounds', values.rounds) ?? 3,
    jobs: positive('jobs', values.jobs),
    quick,
    json,
    svg,
    peers,
  };
}

function positive(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`--${name} takes a positive number, not ${JSON.stringify(text)}`);
  return Number(text);
}
