/** tsworker as anybody runs it: the built command line, its defaults, logs at info. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { resqueBooks } from '../books/resque.js';
import { root, type System } from './system.js';

const bin = `${root}bin/tsworker.js`;
const jobs = fileURLToPath(new URL('../jobs/', import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { version: string };

export const tsworker: System = tsworkerWith('tsworker', []);

export function tsworkerWith(name: string, flags: readonly string[]): System {
  return {
    name,
    version,
    books: resqueBooks,
    copies: 1,
    announces: false,
    external: false,
    guess: (concurrency) => Math.min(300_000, 12_000 + concurrency * 4000),
    command: ({ socket, queues, concurrency }) => ({
      file: process.execPath,
      args: [
        bin,
        ...flags,
        `-uri=unix://${socket}`,
        `-queues=${queues.join(',')}`,
        `-concurrency=${concurrency}`,
        `-jobs=${jobs}`,
      ],
    }),
  };
}

/** One process for each core; undefined while this tsworker has no such flag. */
export function tsworkerOnAllCores(): System | undefined {
  return tsworkerProcesses(availableParallelism());
}

export function tsworkerProcesses(processes: number): System | undefined {
  if (!/(^|\s)-processes\b/m.test(helpText())) return undefined;
  return tsworkerWith(`tsworker, ${processes} processes`, [`-processes=${processes}`]);
}

let help: string | undefined;

function helpText(): string {
  help ??= execFileSync(process.execPath, [bin, '--help'], { encoding: 'utf8' });
  return help;
}
