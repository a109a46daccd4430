/** All figures of a run with what they depend on: command, date, machine, versions. */
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import type { System } from '../systems/system.js';
import type { Report } from './report.js';

export interface Setting {
  readonly command: string;
  readonly date: string;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly memoryGb: number; readonly os: string };
  readonly node: string;
  readonly redis: string;
  readonly systems: Readonly<Record<string, string>>;
  readonly rounds: number;
}

export interface Document extends Setting {
  readonly reports: readonly Report[];
}

export function settingOf(argv: readonly string[], redis: string, rounds: number, systems: readonly System[]): Setting {
  const tail = argv.length > 0 ? ` -- ${argv.join(' ')}` : '';
  return {
    command: `npm run bench${tail}`,
    date: new Date().toISOString(),
    machine: {
      cpu: cpus()[0]?.model.trim() ?? '?',
      cores: availableParallelism(),
      memoryGb: Math.round(totalmem() / 1e9),
      os: `${type()} ${release()}`,
    },
    node: process.version,
    redis,
    systems: Object.fromEntries(systems.map(({ name, version }) => [name, version])),
    rounds,
  };
}

/** One line for people. */
export function summaryOf({ machine, node, redis, systems, date }: Setting): string {
  const versions = Object.entries(systems).map(([name, version]) => `${name} ${version}`.trim());
  const { cpu, cores, os } = machine;
  return `${date.slice(0, 10)}, ${cores} cores (${cpu}), ${os}, Node ${node}, Redis ${redis}; ${versions.join(', ')}`;
}
