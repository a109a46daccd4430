/** `npm run bench`: starts a private Redis, runs the workloads one after the other, shows and writes what they gave. */
import { writeFileSync } from 'node:fs';
import { type Server, startServer } from './harness/server.js';
import { type BenchOptions, HELP, readOptions } from './options.js';
import { type Setting, settingOf, summaryOf } from './report/document.js';
import type { Report } from './report/report.js';
import { tableOf } from './report/table.js';
import { fieldOf } from './systems/all.js';
import { WORKLOADS } from './workloads/all.js';

const argv = process.argv.slice(2);

/** Several workloads can follow each other for minutes: each shows its table as soon as it has it. */
async function run(options: BenchOptions, server: Server): Promise<void> {
  const field = fieldOf(options.peers, options.quick);
  const setting = settingOf(argv, await server.version(), options.rounds, field.single);
  console.log(summaryOf(setting));
  const { rounds, jobs, quick } = options;
  const bench = { server, field, rounds, fewRounds: Math.ceil(rounds / 3), jobs, quick, say };
  const reports: Report[] = [];
  for (const name of options.workloads) {
    const some = (await WORKLOADS.get(name)?.(bench)) ?? [];
    say('');
    for (const report of some) console.log(tableOf(report));
    reports.push(...some);
    if (options.json) writeFileSync(options.json, `${JSON.stringify({ ...setting, reports }, null, 2)}\n`);
  }
  await draw(options, setting, reports);
}

/** The charting library takes a while to load: only where it is asked for. */
async function draw({ svg }: BenchOptions, setting: Setting, reports: readonly Report[]): Promise<void> {
  const report = reports.find(({ workload }) => workload === 'throughput');
  if (svg === undefined || report === undefined) return;
  const { chartOf } = await import('./report/chart.js');
  const { date, machine, node, redis } = setting;
  writeFileSync(svg, chartOf(report, `${machine.cores} cores, Node ${node}, Redis ${redis}, ${date.slice(0, 10)}`));
}

/** One line that is written over, on a terminal; nothing elsewhere. */
function say(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

async function main(): Promise<void> {
  const options = readOptions(argv);
  if (options === undefined) return void process.stdout.write(HELP);
  const server = await startServer({ tcp: options.peers.length > 0 });
  try {
    await run(options, server);
  } finally {
    await server.stop();
  }
}

// A child or a socket of a peer must not keep the bench alive.
main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error instanceof Error ? `bench: ${error.message}` : error);
    process.exit(1);
  },
);
