/** `npm run chaos`: runs the scenarios, one after the other, and says what became of the jobs. Exit code 1 on any fault. */
import { type Result, runScenario } from './harness/scenario.js';
import { HELP, readOptions, type SuiteOptions } from './options.js';
import { faultsOf, tableOf } from './report.js';
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
  return runSeeds(options);
}

main().then(
  (sound) => process.exit(sound ? 0 : 1),
  (error: unknown) => {
    console.error(error instanceof Error ? `chaos: ${error.message}` : error);
    process.exit(1);
  },
);
