/** How long a push waits until its job starts. The producer says when it pushed, on the same clock. */
import { performance } from 'node:perf_hooks';
import type { JobContext } from 'tsworker';

export function Ping(this: JobContext, _queue: string, pushedAt: number): void {
  this.log.info({ waitMs: performance.timeOrigin + performance.now() - pushedAt }, 'pong');
}
