/** What the bench knows of a system: how its worker process is started, and how its books are read. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Books } from '../books/books.js';

export interface WorkerSpec {
  readonly socket: string;
  /** The same server over TCP; only there when an external daemon was named. */
  readonly tcp: string | undefined;
  readonly queues: readonly string[];
  readonly concurrency: number;
}

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface System {
  readonly name: string;
  readonly version: string;
  readonly books: Books;
  /** Processes of this kind that make one worker of the bench. */
  readonly copies: number;
  /** It prints `ready` when all of its slots are at work: measuring begins then, not earlier. */
  readonly announces: boolean;
  /** A daemon of somebody else's: it knows the class Noop only. */
  readonly external: boolean;
  /** About how many no-op jobs a second, to give it enough of them; no result depends on it. */
  guess(concurrency: number): number;
  command(spec: WorkerSpec): Command;
}

/** The repository's root: from the compiled bench in .cache/bench/test/bench/systems/. */
export const root = fileURLToPath(new URL('../../../../../', import.meta.url));

/** A process of ours that works the jobs of a peer. */
export function processFile(name: string): string {
  return fileURLToPath(new URL(`../processes/${name}.js`, import.meta.url));
}

/** The version of an installed package, found by its entry file: not every package lets its package.json be imported. */
export function versionOf(name: string): string {
  for (let folder = dirname(createRequire(import.meta.url).resolve(name)); ; folder = dirname(folder)) {
    try {
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
        name?: string;
        version: string;
      };
      if (manifest.name === name) return manifest.version;
    } catch {}
    if (folder === dirname(folder)) return '?';
  }
}
