/** The jobs of every workload, the same code for every system: named exports are Resque classes. Must import no system. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';

/** Does nothing, whatever its arguments are: what is measured is the system around it. */
export function Noop(): void {}

/** Waits, as for a database or an HTTP call. */
export function Timer(_queue: string, ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Hashes `times` times: the bench calibrates how many make a millisecond. */
export function Cpu(_queue: string, times: number): void {
  hash(times);
}

export function hash(times: number): string {
  let digest = 'tsworker';
  for (let i = 0; i < times; i++) digest = createHash('sha256').update(digest).digest('hex');
  return digest;
}

const latencies: number[] = [];

/** Notes the time since its push; the last of `total` writes all of them where the bench wants them. */
export function Latency(_queue: string, pushedAt: number, total: number): void {
  latencies.push(nowMs() - pushedAt);
  if (latencies.length === total) writeFileSync(process.env.BENCH_OUT ?? '/dev/null', JSON.stringify(latencies));
}

/** Milliseconds of the monotonic clock, which all processes of a machine share; exact to the microsecond. */
export function nowMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
