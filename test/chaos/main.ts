/** `npm run chaos`: runs the scenarios, one after the other, and says what became of the jobs. Exit code 1 on any fault. */
import { type Result, runScenario } from './harness/scenario.js';
import { MEASURES } from './measures/all.js';
import { HELP, readOptions, type SuiteOptions } from './options.js';
import { runPeer } from './peers/run.js';
import { faultsOf, plainTable, tableOf } from './report.js';
import { SCENARIOS } from './scenarios/all.js';

async function runSeed(options: SuiteOptions, seed: number): Promise<Result[]> {
  const { jobs, short } = options;
  const results: Result[] = [];
  for (const scenario of SCENARIOS.filter(({ name }) => options.scenarios.includes(name))) {
    say(`seed ${seed}: ${scenario.name} …`);
    const result = await runScenario(scenario, { seed, jobs, short });
    say('');
    if (result.faults.length > 0) console.log(faultsOf(result));
    results.push(result);
  }
  return results;
}

async function runSeeds(options: SuiteOptions): Promise<boolean> {
  let sound = true;
  for (let seed = options.seed; seed < options.seed + options.seeds; seed++) {
    const results = await runSeed(options, seed);
    console.log(`seed ${seed}\n${tableOf(results)}`);
    sound = sound && results.every(({ faults }) => faults.length === 0);
  }
  return sound;
}

async function measure(names: readonly string[]): Promise<void> {
  for (const { name, about, run } of MEASURES.filter((one) => names.includes(one.name))) {
    say(`${name} …`);
    const times = [...(await run())].sort((a, b) => a - b).map(Math.round);
    say('');
    console.log(`${name}: ${about}`);
    const [median, max] = [times[Math.floor(times.length / 2)], times[times.length - 1]];
    console.log(plainTable(['', 'median ms', 'max ms', 'times'], [['', median, max, times.length]]));
  }
}

async function againstPeer({ seed: first, seeds, jobs = 20_000 }: SuiteOptions): Promise<void> {
  for (let seed = first; seed < first + seeds; seed++) {
    say(`node-resque, seed ${seed} …`);
    const figures = await runPeer(seed, jobs);
    say('');
    console.log(plainTable(['node-resque, killed every 100 ms', ''], Object.entries(figures)));
  }
}

/** One line that is written over, on a terminal; nothing elsewhere. */
function say(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

async function main(): Promise<boolean> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) {
    process.stdout.write(HELP);
    return true;
  }
  if (options.measures.length > 0) await measure(options.measures);
  else if (options.peer !== undefined) await againstPeer(options);
  else return runSeeds(options);
  return true;
}

// Nothing left to wait for, and yet not at the end: that must not pass for a success.
process.once('beforeExit', () => {
  console.error('chaos: the run ended before its result');
  process.exit(1);
});

main().then(
  (sound) => process.exit(sound ? 0 : 1),
  (error: unknown) => {
    console.error(error instanceof Error ? `chaos: ${error.message}` : error);
    process.exit(1);
  },
);
