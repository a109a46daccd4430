/** The daemon, run as anybody would run it: the CLI as a process of its own, its JSON log read line by line. */
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { endChild, spawnGuarded } from './guard.js';

/** The package's root, from dist/demo/ and from src/demo/ alike. */
const root = fileURLToPath(new URL('../../', import.meta.url));

export interface DemoWorker {
  readonly exited: Promise<number | NodeJS.Signals>;
  /** The last lines that were no JSON: what it complained about. */
  readonly complaints: readonly string[];
  stop(): Promise<void>;
}

export const DEMO_ARGS = ['-queues=high=2,low=1', '-exit-on-complete'] as const;

export function startWorker(uri: string, namespace: string, onLine: (line: string) => void): DemoWorker {
  const args = [`${root}bin/tsworker.js`, ...DEMO_ARGS, `-uri=${uri}`, `-namespace=${namespace}`];
  args.push(`-config=${root}config/tsworker.config.ts`, `-jobs=${root}jobs`, '-log-level=debug', '-log-format=json');
  const child = spawnGuarded(process.execPath, args, { cwd: root, env: cleanEnv() });
  const complaints: string[] = [];
  const read = (line: string) => {
    if (line.startsWith('{')) return onLine(line);
    if (line.trim() !== '') complaints.push(line);
    if (complaints.length > 10) complaints.shift();
  };
  return { exited: untilRead(child, read), complaints, stop: () => endChild(child, 3000) };
}

/** The demo is the same for everybody: the user's own settings do not reach its daemon. */
function cleanEnv(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(TSWORKER_|REDIS_)/.test(name));
  return Object.fromEntries(kept);
}

/** Its exit code, or the signal that ended it, once every line was read. */
function untilRead(child: ChildProcess, read: (line: string) => void): Promise<number | NodeJS.Signals> {
  for (const input of [child.stdout, child.stderr]) {
    if (input) createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }).on('line', read);
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? signal ?? 1));
  });
}
